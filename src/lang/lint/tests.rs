use super::*;
use crate::lang::toy;

/// A library with one module of the user's.
struct Library;

impl ModuleLookup for Library {
    fn source(&self, path: &str, _file: &str) -> Option<String> {
        match path {
            "mine" => {
                Some("fn run(x) { x }\nfn string.shout() { this + \"!\" }\nprivate fn inner() { 1 }".into())
            }
            "broken" => Some("fn (".into()),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        vec!["mine".into(), "broken".into()]
    }
}

fn findings(source: &str) -> Vec<Finding> {
    let engine = toy::engine();
    check(source, "test.rhai", &toy::catalog(&engine), &Library, &engine)
}

/// Shows findings as `line:column+length code: message (hint)`.
fn show(source: &str) -> Vec<String> {
    findings(source)
        .into_iter()
        .map(|found| {
            let hint = found.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!(
                "{}:{}+{} {}: {}{hint}",
                found.line, found.column, found.length, found.code, found.message
            )
        })
        .collect()
}

fn codes(source: &str) -> Vec<&'static str> {
    findings(source).into_iter().map(|finding| finding.code).collect()
}

#[track_caller]
fn clean(source: &str) {
    assert_eq!(show(source), [""; 0], "{source}");
}

#[test]
fn good_scripts_have_no_findings() {
    for source in [
        "",
        "#!/usr/bin/env virhai\n//! Title.\nfor g in guests(#{ active: true }) { print(`${g.name}: ${g.memory / gib(1)}`); }",
        "let g = guest(\"web1\"); g.start(); if g.autostart { g.undefine(#{ nvram: true, \"loop\": true }); }",
        "let names = guests().filter(|g| g.autostart).map(|g| g.name); print(names[0].len() + names.len());",
        "let total = 0; for g in guests() { total += g.memory; } print(total);",
        "let x = (); if args.len() > 1 { x = guest(args[0]); } x.start();",
        "let list = []; for i in 0..3 { list.push(guest(`web${i}`)); } list[0].start();",
        "let list = [1, 2]; list.push(\"a\"); list[2].to_upper();",
        "fn twice(x) { x.double() + x.double() } fn double() { this * 2 } print(twice(4));",
        "fn Guest.restart() { this.start(); this.name } guest(\"a\").restart();",
        "let m = #{ run: |x| x + 1, len: 3 }; m.run(1); m.anything.other; m.len;",
        "let f = |a| a + 1; f.call(2); fn h() { 1 } let g = h; g.call();",
        "try { guest(\"x\").start() } catch (e) { print(e.code) }",
        "let s = switch args[0] { \"a\" => 1, \"b\" => \"two\", _ => () }; s.foo;",
        "let doc = guest(\"a\").xml; doc.devices.disk; doc[\"memory\"].text(); doc.text().trim();",
        "import \"mine\" as mine; mine::run(1); \"a\".shout(); fn f() { mine::run(2) }",
        "import \"snapshots\" as snap; snap::prune(guest(\"a\"), 3); guest(\"a\").wait_gone();",
        "let n = fs::read(\"/x\").split(\"\\n\").map(|line| line.trim()).len(); n + 1",
        "guest(\"a\").edit(|doc| { doc[\"memory\"] = 5; doc.text().len() });",
        "if is_def_var(\"late\") { print(late) }",
        "eval(\"let y = 1\"); y + 1",
        "let a = [3, 1]; a.sort(|x, y| x - y); a.reduce(|sum, x| sum + x, 0); a.some(|x| x == 1);",
        "let g = guests().find(|g| g.name == \"a\"); g?.start();",
        "for (x, i) in guests() { print(`${i}: ${x.name}`) }",
        "const LIMIT = 3; fn f() { global::LIMIT } f();",
        "let r = attempt(|| guest(\"a\").start()); if !r.ok { print(r.error.hint) }",
        "let x = json_text ?? 1; let json_text = 2;".replace("json_text ?? 1", "1").as_str(),
        "let v = 1.5; v.floor(); v.round() + 2; 5.to_string(); 'c'.to_upper(); (1..4).contains(2);",
        "\"a-b\".split(\"-\")[0].to_upper(); \"abc\"[0].to_upper(); \"abc\".chars();",
        "for c in \"abc\" { c.to_int() }",
        "let t = timestamp(); t.elapsed;",
        "type_of(1); print(); debug(1); guest(\"a\").type_of();",
        "let a = 1; { let a = \"x\"; a.len(); } a + 1",
        "while true { let x = 1; if x > 2 { break; } } loop { break 5; }",
    ] {
        clean(source);
    }
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    for (source, finding) in [
        (
            "guest(\"a\").strat()",
            "1:12+5 unknown_method: Guest has no method `strat` (did you mean `start`?)",
        ),
        (
            "let g = guest(\"a\");\ng.nam",
            "2:3+3 unknown_property: Guest has no property `nam` (did you mean `name`?)",
        ),
        ("gest(\"a\")", "1:1+4 unknown_function: there is no function `gest` (did you mean `guest`?)"),
        (
            "for g in guests() { g.undfine() }",
            "1:23+7 unknown_method: Guest has no method `undfine` (did you mean `undefine`?)",
        ),
        (
            "guests().filter(|g| g.memry > 1)",
            "1:23+5 unknown_property: Guest has no property `memry` (did you mean `memory`?)",
        ),
        ("\"a\".lenght()", "1:5+6 unknown_method: string has no method `lenght` (did you mean `len`?)"),
        (
            "let count = 1; print(cuont)",
            "1:22+5 unknown_variable: there is no variable `cuont` (did you mean `count`?)",
        ),
        (
            "fs::raed(\"x\")",
            "1:5+4 unknown_function: there is no function `fs::raed` (did you mean `fs::read`?)",
        ),
        (
            "import \"mine\" as m; m::rn(1)",
            "1:24+2 unknown_function: there is no function `m::rn` (did you mean `m::run`?)",
        ),
        ("import \"mien\" as m;", "1:8+6 unknown_module: there is no module `mien` (did you mean `mine`?)"),
        ("ffs::read(\"x\")", "1:1+3 unknown_module: there is no module `ffs` here (did you mean `fs`?)"),
        ("fn f(x) { x.frobnicate() }", "1:13+10 unknown_method: there is no method `frobnicate`"),
        (
            "guest(\"a\").undefine(#{ nvarm: true })",
            "1:24+5 unknown_option: Guest.undefine has no option `nvarm` (did you mean `nvram`?)",
        ),
        (
            "guests(#{ activ: true })",
            "1:11+5 unknown_option: guests has no option `activ` (did you mean `active`?)",
        ),
    ] {
        assert_eq!(show(source), [finding], "{source}");
    }
}

#[test]
fn a_member_in_the_wrong_form_says_the_right_one() {
    assert_eq!(
        show("guest(\"a\").start"),
        ["1:12+5 unknown_property: Guest has no property `start` (`start` is a method: write `start()`)"]
    );
    assert_eq!(
        show("guest(\"a\").name()"),
        [
            "1:12+4 unknown_method: Guest has no method `name` (`name` is a property: write it without parentheses)"
        ]
    );
    assert_eq!(
        show("let f = |x| x; f(1)"),
        [
            "1:16+1 unknown_function: there is no function `f` (a closure in a variable is called with `f.call(…)`)"
        ]
    );
    assert_eq!(
        show("read(\"x\")"),
        ["1:1+4 unknown_function: there is no function `read` (did you mean `fs::read`?)"]
    );
}

#[test]
fn wrong_numbers_of_arguments_name_the_right_ones() {
    for (source, message) in [
        ("guest(\"a\").start(1)", "`Guest.start` takes no arguments, not 1"),
        ("guest(\"a\").undefine(1, 2)", "`Guest.undefine` takes 0 or 1 arguments, not 2"),
        ("guest()", "`guest` takes 1 argument, not 0"),
        ("fs::write(\"a\")", "`fs::write` takes 2 arguments, not 1"),
        ("fn f(a, b) { a + b } f(1)", "`f` takes 2 arguments, not 1"),
        ("fn g(x) { x.undefine(1, 2, 3) }", "`undefine` takes 0 or 1 arguments, not 3"),
        ("import \"mine\" as m; m::run()", "`m::run` takes 1 argument, not 0"),
    ] {
        let found = findings(source);
        assert_eq!(found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>(), [message], "{source}");
        assert_eq!(found[0].code, "wrong_arguments");
    }
    let hint = findings("guest(\"a\").undefine(1, 2)").remove(0).hint;
    assert_eq!(hint.as_deref(), Some("Guest.undefine() or Guest.undefine(options: map)"));
}

#[test]
fn literal_options_are_checked_with_their_values() {
    let source = "guests(#{ order: \"nmae\", timeout: \"soon\", groups: 1, active: args[0] })";
    let found = show(source);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].contains("wrong_option: option `order` of guests wants one of `name`, `memory`"),
        "{found:?}"
    );
    assert!(found[0].ends_with("(did you mean `name`?)"), "{found:?}");
    // What is not literal, or not certainly this function, passes.
    clean("let o = #{ activ: true }; guests(o)");
    clean("fn f(x) { x.anything_else } fn undefine(o) { o } f(1).undefine(#{ whatever: 1 })");
}

#[test]
fn functions_do_not_see_what_is_around_them() {
    assert_eq!(
        show("let limit = 3; fn f() { limit + 1 } f();"),
        [
            "1:25+5 unknown_variable: there is no variable `limit` (functions do not see the variables around them: pass `limit` as a parameter)"
        ]
    );
    assert_eq!(codes("fn f() { args[0] }"), ["unknown_variable"]);
    clean("let limit = 3; let f = |x| x + limit; f.call(1);");
    assert_eq!(codes("let f = |x| x + limt; f.call(1);"), ["unknown_variable"]);
    assert_eq!(codes("[1].map(|x| [2].map(|y| x + y + z))"), ["unknown_variable"]);
    assert_eq!(codes("{ let inner = 1; } inner"), ["unknown_variable"]);
}

#[test]
fn imports_that_fail_are_found() {
    assert_eq!(codes("import \"nowhere\" as n; n::f()"), ["unknown_module"]);
    assert_eq!(codes("import \"broken\" as b; b::f()"), ["broken_module"]);
    assert_eq!(codes("import \"mine\" as m; m::inner()"), ["unknown_function"]);
    clean("let path = \"x\"; import path as p; p::anything(1); guest(\"a\").from_the_module();");
    assert_eq!(
        show("guest(\"a\").wait_gone()"),
        [
            "1:12+9 unknown_method: Guest has no method `wait_gone` (it comes with a module: `import \"snapshots\" as snapshots;`)"
        ]
    );
    assert_eq!(
        show("snapshots::prune(1, 2)"),
        [
            "1:1+9 unknown_module: there is no module `snapshots` here (write `import \"snapshots\" as snapshots;` first)"
        ]
    );
}

#[test]
fn known_traps_are_flagged() {
    for (source, code) in [
        ("let m = #{ a: 1 }; m.len", "len_property"),
        ("fn f(x) { x.len }", "len_property"),
        ("let g = guest(\"a\"); g.xml[\"memory\"] = 5;", "xml_copy"),
        ("fn f(g) { g.xml.memory = 5; }", "xml_copy"),
        ("let g = guest(\"a\"); g.name = \"b\";", "read_only_property"),
        ("const M = #{ a: 1 }; M.a = 2;", "changed_constant"),
        ("const A = [1]; A[0] = 2;", "changed_constant"),
        ("guests().for_each(|g, i| g.start())", "for_each_index"),
        ("let a = [1]; a.map(|x| a.len())", "captured_receiver"),
        ("let g = guest(\"a\"); g.edit(|doc| g.name)", "captured_receiver"),
        ("let a = []; a.push(|| a.len())", "captured_receiver"),
        ("let a = [1]; a.filter(|x| x > 1).map(|x| a.len())", "captured_receiver"),
    ] {
        assert_eq!(codes(source), [code], "{source}");
    }
    clean("let a = [1]; let b = []; b.push(|| a); let n = a.len(); a.map(|x| n); map(a, |x| a.len())");
    clean("let m = #{ xml: #{} }; m.xml[\"a\"] = 1; let d = guest(\"a\").xml; d[\"a\"] = 2;");
    clean("const G = guest(\"a\"); G.autostart = true; const A = #{ b: 1 }; { let A = #{}; A.b = 1; }");
    clean("if \"a\" in [\"a\"] { } if 1 !in [2] { } if \"k\" in #{ k: 1 } { } guest(\"a\") in guests();");
    clean("guests().for_each(|g| g.start()); [1].len; \"a\".len;");
}

#[test]
fn parse_errors_are_in_users_words() {
    for (source, finding) in [
        (
            "#{ loop: 1 }",
            "1:4+4 syntax: `loop` is a word of Rhai and cannot be a name (write the key as `loop_` or `\"loop\"`)",
        ),
        (
            "#{ a: 1, new: 1 }",
            "1:10+3 syntax: `new` is a word of Rhai and cannot be a name (write the key as `new_` or `\"new\"`)",
        ),
        (
            "#{ a: 1, throw: 1 }",
            "1:10+5 syntax: `throw` is a word of Rhai and cannot be a name (write the key as `throw_` or `\"throw\"`)",
        ),
        (
            "x.new()",
            "1:3+3 syntax: `new` is a word of Rhai and cannot be a name (write `new_`: names that are words of Rhai end in an underscore)",
        ),
        (
            "x.loop()",
            "1:3+4 syntax: `loop` is a word of Rhai and cannot be a name (write `loop_`: names that are words of Rhai end in an underscore)",
        ),
        (
            "let default = 1;",
            "1:5+7 syntax: `default` is a word of Rhai and cannot be a name (take another name, for example `default_`)",
        ),
        (
            "let x = try { 1 };",
            "1:9+3 syntax: `try` is a statement and has no value (write `attempt(|| …)`, which gives `#{ ok, value }` or `#{ ok, error }`)",
        ),
        (
            "let x = 4GiB;",
            "1:9+4 syntax: `4GiB` is not a number (write `gib(4)`, or the text \"4GiB\" where a size is wanted)",
        ),
        (
            "sleep(90s)",
            "1:7+3 syntax: `90s` is not a number (write the text \"90s\" where a size or duration is wanted)",
        ),
        (
            "let x = _;",
            "1:9+1 syntax: Rhai has no `_` (`_` is no variable: at the prompt the last value is `it`)",
        ),
        (
            "let x = 1\nlet y = 2",
            "1:9+1 syntax: a `;` is missing at the end of this statement (statements end in `;`, and `let` cannot follow here)",
        ),
        ("let x = null;", "1:9+4 syntax: Rhai has no `null` (the empty value is `()`)"),
        ("if a and b { }", "1:6+3 syntax: Rhai has no `and` (write `&&`)"),
        (
            "let x = a ? 1 : 2;",
            "1:11+1 syntax: Rhai has no `?` (choose with `if condition { a } else { b }`)",
        ),
        ("x++;", "1:2+2 syntax: Rhai has no `++` (write `x += 1`)"),
        ("f(1, [2, 3);", "1:11+1 syntax: `,` is missing to separate the items of this array literal"),
        ("if x {\n  f();\n", "1:6+1 syntax: this `{` is not closed (a `}` is missing)"),
        ("f(1", "1:2+1 syntax: this `(` is not closed (a `)` is missing)"),
        ("f();\n}", "2:1+1 syntax: there is no `{` for this `}`"),
        (
            "let x = \"open;\nf();",
            "1:9+6 syntax: this text is not closed (close it with its quote; texts over several lines stand in back-ticks)",
        ),
        (
            "let x = \"a\\q\";",
            "1:9+5 syntax: `\\q` is no escape sequence (write `\\\\` for a backslash, or put the text into back-ticks)",
        ),
        (
            "guest(\"a\").autostart = true;",
            "1:1+5 syntax: the result of a call cannot be assigned to (call `.set_autostart(…)` instead)",
        ),
        (
            "const X = 1; X = 2;",
            "1:14+1 syntax: `X` is a constant and cannot be assigned to (declare it with `let` if it is to change)",
        ),
        (
            "if true { fn f() { } }",
            "1:11+2 syntax: functions can be declared at the top level only (inside a block, keep a closure: `let f = |x| …;` and call it with `f.call(x)`)",
        ),
        (
            "if 1 { }",
            "1:4+1 syntax: a condition must be true or false (compare: `x != 0`, `x != ()`, `!text.is_empty()`)",
        ),
        (
            "let x = 'abc';",
            "1:9+5 syntax: one character stands in `'…'` (texts stand in `\"…\"` or back-ticks)",
        ),
        ("try { f() }", ""),
    ] {
        if !finding.is_empty() {
            assert_eq!(show(source), [finding], "{source}");
        }
    }
}

#[test]
fn a_comment_that_is_not_closed_is_found() {
    assert_eq!(
        show("1;\n/* rest"),
        [
            "2:1+2 unclosed_comment: this comment is not closed: the rest of the file is part of it (close it with `*/`; comments nest)"
        ]
    );
}

#[test]
fn the_prompts_own_variables_and_functions_count() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let mut scope = Scope::new();
    scope.push("it", toy::Guest("a".into()));
    let functions = engine.compile("fn twice(x) { x + x }").unwrap();
    let imports = [("snap".to_string(), "snapshots".to_string())];
    let surroundings = Surroundings { scope: Some(&scope), functions: Some(&functions), imports: &imports };
    let check = |source| {
        let found = check_in(source, "prompt", &catalog, &NoModules, &engine, &surroundings);
        found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(check("it.start(); twice(1); snap::prune(it, 1); it.wait_gone()"), [""; 0]);
    assert_eq!(check("it.strat()"), ["unknown_method"]);
    assert_eq!(check("snap::nope()"), ["unknown_function"]);
}

#[test]
fn every_example_of_rhais_own_library_passes() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    // Their authors never ran these: they do not parse, or use what does not exist.
    let wrong = [
        "blob.drain",
        "blob.pad",
        "blob.remove",
        "blob.write_be",
        "blob.write_le",
        "map.set",
        "string.chars",
        "string.index_of",
        "string.make_lower",
        "string.make_upper",
        "string.pad",
        "string.to_lower",
        "string.to_upper",
    ];
    let mut found = Vec::new();
    for entry in catalog.entries().iter().filter(|entry| !wrong.contains(&entry.path().as_str())) {
        for example in entry.overloads.iter().flat_map(|overload| overload.doc().examples) {
            for finding in check(&example, "example", &catalog, &Library, &engine) {
                found.push(format!("{}: {} {:?}", entry.path(), finding.message, finding.hint));
            }
        }
    }
    found.dedup();
    assert_eq!(found, [""; 0]);
}

#[test]
fn no_text_makes_it_stumble() {
    let whole = "import \"mine\" as m; const C = #{ a: [1, |x, y| x.b[y]?.c] }; fn G.f(p) { this.q(p) ?? m::r(`${p}`) }\n\
        for (e, i) in C.a { switch e { 1 | 2 if i > 0 => return, _ => C.a = e } } /* end";
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    for (at, _) in whole.char_indices() {
        for source in [&whole[..at], &whole[at..], &format!("{}{}", &whole[..at / 2], &whole[at..])] {
            for finding in check(source, "test.rhai", &catalog, &Library, &engine) {
                assert!(finding.line > 0 && finding.column > 0 && finding.length > 0, "{source}");
            }
        }
    }
}
