use super::*;
use crate::lang::toy;

/// Shows a place as one line.
fn place(before: &str) -> String {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let mut scope = Scope::new();
    scope.push("vm", toy::Guest("a".into()));
    scope.push("n", 5_i64);
    let known = |name: &str| (name == "it").then(|| Type::array_of(Type::object("Guest")));
    show(place_at(before, &scope, &known, &catalog))
}

fn show(place: Place) -> String {
    let call = |call: &Call| format!("{}<{}>", call.path(), call.source);
    match place {
        Place::Nothing => "nothing".into(),
        Place::Word { typed, option, .. } => {
            format!(
                "word {typed:?}{}",
                option.map(|option| format!(" for {}", option.name)).unwrap_or_default()
            )
        }
        Place::Member { receiver, source, typed, .. } => format!("member {receiver}<{source}> {typed:?}"),
        Place::Namespace { path, module, typed, .. } => {
            format!(
                "namespace {path}{} {typed:?}",
                module.map(|module| format!("={module}")).unwrap_or_default()
            )
        }
        Place::ImportPath { typed, .. } => format!("import {typed:?}"),
        Place::Text { call: of, argument, typed, .. } => format!("text {}#{argument} {typed:?}", call(&of)),
        Place::IndexText { receiver, source, typed, .. } => format!("index {receiver}<{source}> {typed:?}"),
        Place::Compared { receiver, property, typed, .. } => {
            format!("compared {receiver}.{property} {typed:?}")
        }
        Place::OptionKey { call: of, used, typed, .. } => format!("key {} {used:?} {typed:?}", call(&of)),
        Place::OptionValue { call: of, option, typed, .. } => {
            format!("value {} {} {typed:?}", call(&of), option.name)
        }
    }
}

#[test]
fn a_dot_knows_the_type_before_it() {
    for (before, shown) in [
        ("vm.", "member Guest<vm> \"\""),
        ("vm.st", "member Guest<vm> \"st\""),
        ("vm?.st", "member Guest<vm> \"st\""),
        ("it[0].", "member Guest<it[0]> \"\""),
        ("guest(\"a\").", "member Guest<guest(\"a\")> \"\""),
        ("guest(\"a)\" + f(1, [2])).host().", "member Host<guest(\"a)\" + f(1, [2])).host()> \"\""),
        ("vm.host().guests()[0].name.", "member string<vm.host().guests()[0].name> \"\""),
        ("guests().filter(|g| g.autostart).", "member [Guest]<guests().filter(|g| g.autostart)> \"\""),
        ("guests().map(|g| g.name).", "member [string]<guests().map(|g| g.name)> \"\""),
        ("guests().map(|g| g.name)[0].", "member string<guests().map(|g| g.name)[0]> \"\""),
        ("\"text\".", "member string<\"text\"> \"\""),
        ("`a ${vm.name} b`.", "member string<`a ${vm.name} b`> \"\""),
        ("[1, 2].", "member [int]<[1, 2]> \"\""),
        ("#{ a: 1 }.", "member map<#{ a: 1 }> \"\""),
        ("(vm).", "member Guest<(vm)> \"\""),
        ("(1 + 2.5).", "member float<(1 + 2.5)> \"\""),
        ("x + vm.", "member Guest<vm> \"\""),
        ("f(1, vm.", "member Guest<vm> \"\""),
        ("vm.xml[\"a\"].", "member any<vm.xml[\"a\"]> \"\""),
        ("fs::read(\"x\").", "member string<fs::read(\"x\")> \"\""),
        ("unknown.", "member any<unknown> \"\""),
        ("if vm.", "member Guest<vm> \"\""),
        ("`${vm.", "member Guest<vm> \"\""),
        ("5.", "member int<5> \"\""),
        (".", "nothing"),
        ("vm. // comment\n", "member Guest<vm> \"\""),
    ] {
        assert_eq!(place(before), shown, "{before}");
    }
}

#[test]
fn variables_have_the_types_of_their_declarations() {
    for (before, shown) in [
        ("let g = guest(\"a\"); g.", "Guest"),
        ("let g = guest(\"a\");\nlet h = g.host();\nh.", "Host"),
        ("let g = 1; { let g = vm; g.", "Guest"),
        ("let g = vm; { let g = 1; } g.", "Guest"),
        ("for g in guests() { g.", "Guest"),
        ("for (g, i) in guests() { i.", "int"),
        ("for g in guests() { f(g); } g.", "any"),
        ("for g in guests() { if g.autostart { g.", "Guest"),
        ("guests().filter(|g| g.", "Guest"),
        ("guests().filter(|g| { let h = g.host(); h.", "Host"),
        ("guests().map(|g| g.name).filter(|n| n.", "string"),
        ("guests().sort(|a, b| b.", "Guest"),
        ("guests().reduce(|sum, g| sum + g.", "Guest"),
        ("vm.edit(|doc| doc.", "Doc"),
        ("f(|g| g.a, g.", "any"),
        ("let f = |vm| vm; vm.", "Guest"),
        ("fn f(vm) { vm.", "any"),
        ("fn f() { vm.", "any"),
        ("fn f() { 1 } vm.", "Guest"),
        ("fn Guest.f() { this.", "Guest"),
        ("const X = 1.5; X.", "float"),
        ("let a = a.", "any"),
        ("let x = vm.memory * 2; x.", "int"),
        ("let x = vm.memory > 2 && true; x.", "bool"),
        ("let x = `${n}`; x.", "string"),
        ("let x = vm.name + 1; x.", "string"),
        ("let x = 0..3; x.", "range"),
        ("let x = if n > 1 { vm } else { () }; x.", "any"),
        ("let list = [vm, guest(\"b\")]; list[0].", "Guest"),
        ("import \"snapshots\" as s; vm.wait_gone().", "bool"),
        ("try { 1 } catch (n) { n.", "Error"),
        ("for i in 1..5 { i.", "int"),
        ("guests().for_each(|g| g.", "Guest"),
        ("guests().find(|g| g.", "Guest"),
        ("guests().all(|g| g.", "Guest"),
        ("guests().some(|g| g.", "Guest"),
        ("guests().find(|g| g.autostart).", "Guest"),
        ("guests().sort_by(|a, b| a.memory - b.", "Guest"),
        ("guests().map(|g| #{ a: 1, n: g.", "Guest"),
        ("guests().map(|g| { let h = g.host(); h }).filter(|h| h.", "Host"),
        ("fn all() { guests() } all().filter(|g| g.", "Guest"),
        ("fn all() { guests() } for g in all() { g.", "Guest"),
        ("fn Guest.twin() { guest(\"b\") } vm.twin().", "Guest"),
        ("let x = if n > 1 { vm } else { guest(\"b\") }; x.", "Guest"),
        ("let x = { let y = vm; y.host() }; x.", "Host"),
    ] {
        let found = place(before);
        let type_ = found.strip_prefix("member ").and_then(|rest| rest.split('<').next());
        assert_eq!(type_, Some(shown), "{before}: {found}");
    }
}

#[test]
fn what_lies_in_maps_has_the_type_of_the_live_value() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let mut scope = Scope::new();
    let made =
        "let all = [#{ guest: guest(\"a\"), disks: [#{ size: 1 }] }]; let one = #{ guests: guests() };";
    engine.run_with_scope(&mut scope, made).unwrap();
    for (before, shown) in [
        ("all[0].guest.", "member Guest<all[0].guest> \"\""),
        ("all.filter(|one| one.guest.host().", "member Host<all[0].guest.host()> \"\""),
        ("all.filter(|one| one.disks[0].", "member map<all[0].disks[0]> \"\""),
        ("for one in all { for d in one.disks { d.", "member map<all[0].disks[0]> \"\""),
        ("for one in all { let i = 1; one.disks[i].si", "member map<all[0].disks[0]> \"si\""),
        ("all.find(|x| x.disks.len() > 0).disks[0].", "member map<all[0].disks[0]> \"\""),
        ("let mine = all[0]; mine.guest.", "member Guest<all[0].guest> \"\""),
        ("fn f() { all.", "member any<all> \"\""),
    ] {
        assert_eq!(show(place_at(before, &scope, &|_| None, &catalog)), shown, "{before}");
    }
}

#[test]
fn a_text_in_a_call_knows_its_argument() {
    for (before, shown) in [
        ("guest(\"we", "text guest<>#0 \"we\""),
        ("f(1, \"", "text f<>#1 \"\""),
        ("vm.host().guest(\"a", "text Host.guest<vm.host()>#0 \"a\""),
        ("fs::read(\"/etc/ho", "text fs::read<>#0 \"/etc/ho\""),
        ("fs::write(f(1, 2), `x", "text fs::write<>#1 \"x\""),
        ("f([1, 2], |a, b| a, \"", "text f<>#2 \"\""),
        ("f([\"a\", \"b", "text f<>#0 \"b\""),
        ("vm.xml[\"dev", "index Doc<vm.xml> \"dev\""),
        ("import \"snap", "import \"snap\""),
        ("let x = \"a", "nothing"),
        ("x == \"a", "nothing"),
        ("if vm.name == \"a", "compared Guest.name \"a\""),
        ("guests().filter(|g| g.host().name != \"", "compared Host.name \"\""),
        ("let g = guest(\"a\"); g.undefine(\"", "text Guest.undefine<guest(\"a\")>#0 \"\""),
        ("let g = guest(\"a\"); let d = g.xml; d[\"de", "index Doc<guest(\"a\").xml> \"de\""),
        ("(\"a", "nothing"),
        ("`a ${n} b", "nothing"),
        ("`${guest(\"a", "text guest<>#0 \"a\""),
    ] {
        assert_eq!(place(before), shown, "{before}");
    }
}

#[test]
fn options_know_their_call() {
    for (before, shown) in [
        ("vm.undefine(#{", "key Guest.undefine<vm> [] \"\""),
        ("vm.undefine(#{ nv", "key Guest.undefine<vm> [] \"nv\""),
        ("vm.undefine(#{ nvram: true, ", "key Guest.undefine<vm> [\"nvram\"] \"\""),
        ("vm.undefine(#{ \"loop\": true, \"man", "key Guest.undefine<vm> [\"loop\"] \"man\""),
        ("unknown.undefine(#{ ", "key any.undefine<unknown> [] \"\""),
        ("guests(#{ order: \"na", "value guests<> order \"na\""),
        ("guests(#{ groups: [\"a\", \"b", "value guests<> groups \"b\""),
        ("guests(#{ active: t", "word \"t\" for active"),
        ("guests(#{ active: vm.", "member Guest<vm> \"\""),
        ("f(#{ a", "nothing"),
        ("let m = #{ a", "nothing"),
    ] {
        assert_eq!(place(before), shown, "{before}");
    }
}

#[test]
fn words_and_modules() {
    for (before, shown) in [
        ("", "word \"\""),
        ("gu", "word \"gu\""),
        ("x = gu", "word \"gu\""),
        ("f(1, ", "word \"\""),
        ("fs::", "namespace fs \"\""),
        ("fs::re", "namespace fs \"re\""),
        ("import \"snapshots\" as s; s::pr", "namespace s=snapshots \"pr\""),
        ("let na", "nothing"),
        ("for x", "nothing"),
        ("// vm.", "nothing"),
        ("/* vm.", "nothing"),
        ("4Gi", "nothing"),
        ("vm ", "nothing"),
        ("if x { } ", "word \"\""),
    ] {
        assert_eq!(place(before), shown, "{before}");
    }
}

#[test]
fn a_word_lists_what_can_be_used() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let mut scope = Scope::new();
    scope.push("vm", toy::Guest("a".into()));
    let before = "import \"snapshots\" as s; fn f(a) { a } let x = 1; for g in guests() { let y = g.name; z";
    let place = place_at(before, &scope, &|_| None, &catalog);
    let Place::Word { variables, functions, modules, start, .. } = place else { panic!("{place:?}") };
    let shown: Vec<_> = variables.iter().map(|(name, type_)| format!("{name}: {type_}")).collect();
    assert_eq!(shown, ["y: string", "g: Guest", "x: int", "vm: Guest"]);
    assert_eq!((functions, modules), (vec!["f".to_string()], vec!["s".to_string()]));
    assert_eq!(start, before.len() - 1);
}

#[test]
fn the_call_around_the_cursor_is_found() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let around = |before| {
        let found = call_around(before, &Scope::new(), &|_| None, &catalog);
        found.map(|calling| format!("{}#{}", calling.call.path(), calling.given.len() - 1))
    };
    assert_eq!(around("fs::write(\"a\", ").as_deref(), Some("fs::write#1"));
    assert_eq!(around("guest(\"a\").undefine(#{ nvram: true").as_deref(), Some("Guest.undefine#0"));
    assert_eq!(around("f(g(1), (2 + ").as_deref(), Some("f#1"));
    assert_eq!(around("f(1); "), None);
    let calling = call_around("f(\"a\", 1 + 2, ", &Scope::new(), &|_| None, &catalog).unwrap();
    assert_eq!(calling.given, [Type::Text, Type::Int, Type::Any]);
}

#[test]
fn whole_expressions_have_types() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let type_of = |source| type_of_source(source, &Scope::new(), &|_| None, &catalog).to_string();
    assert_eq!(type_of("guests()"), "[Guest]");
    assert_eq!(type_of("guests().len() + 1"), "int");
    assert_eq!(type_of("!true"), "bool");
    assert_eq!(type_of(""), "any");
}

#[test]
fn no_input_makes_it_stumble() {
    let whole = "let a = #{ b: [1, `x ${f(|c, d| c)} y`] }; for e in a.b { e?.f[0]::g(\"h\", |i| i.j). }";
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    for deep in
        ["(".repeat(5000), "f(".repeat(5000), "[#{a:".repeat(5000), "-".repeat(5000), "x[".repeat(5000)]
    {
        place_at(&format!("{deep}x."), &Scope::new(), &|_| None, &catalog);
        place_at(&format!("{deep}x{}.", ")".repeat(5000)), &Scope::new(), &|_| None, &catalog);
    }
    for (end, _) in whole.char_indices() {
        for start in 0..end {
            place_at(&whole[start..end], &Scope::new(), &|_| None, &catalog);
        }
    }
}

#[test]
fn a_program_gives_what_its_last_statement_gives() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    let type_of = |source: &str| type_of_program(source, &Scope::new(), &catalog).to_string();
    for (source, type_) in [
        ("guests()", "[Guest]"),
        ("let all = guests(); all.filter(|one| { one.start(); one.autostart })", "[Guest]"),
        ("guest(\"a;b\")", "Guest"),
        ("guests().len()", "int"),
        ("for one in guests() { one.start(); } guests()", "[Guest]"),
        ("for one in guests() { one.start(); }", "any"),
        ("if true { guests() } else { 1 }", "any"),
        ("fn all() { guests() } all()", "[Guest]"),
        ("fn one(n) { if n > 1 { return guest(\"a\"); } guest(\"b\") } one(2)", "Guest"),
        ("fn one(n) { if n > 1 { throw 5; } else if n > 0 { vm() } else { 1 } } one(2)", "any"),
        ("fn one() { 1 } fn one(a) { a } one()", "int"),
        ("fn f() { f() } f()", "any"),
        ("fn f() { return guests(); } f()", "[Guest]"),
        ("fn f() { for g in guests() { g.start(); } guests()[0] } f()", "Guest"),
        ("if true { guests() } else { [guest(\"a\")] }", "[Guest]"),
        ("if true { guests() }", "any"),
        ("guests();", "any"),
        ("", "any"),
    ] {
        assert_eq!(type_of(source), type_, "{source}");
    }
}
