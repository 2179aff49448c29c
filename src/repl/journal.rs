//! What went well at the prompt, in order, so that it can be saved as a script.

mod script;

use crate::lang::statements::{Kind, statements};
use crate::lang::tokens::{Class, parsable, tokens};
use crate::secrets::is_secret;
use crate::virsh::Call;
use script::Script;

/// Something that was done without a failure.
#[derive(Debug)]
enum Done {
    /// An input in Rhai, and whether it gave a value, which was shown.
    Rhai { source: String, shown: bool },
    /// A command of virsh, as a script calls it.
    Virsh { call: String },
    /// The default connection became this one.
    Connected { uri: String, readonly: bool },
    /// An input with a secret in it.
    Secret,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Journal {
    done: Vec<Done>,
    /// The connection of the first input.
    uri: Option<String>,
    /// The source that ran before the first input.
    startup: String,
}

impl Journal {
    /// Takes note of an input in Rhai.
    pub(super) fn evaluated(&mut self, source: &str, shown: bool) {
        // A comment alone.
        if statements(source).is_empty() {
            return;
        }
        let source = source.to_owned();
        self.done.push(if is_secret(&source) { Done::Secret } else { Done::Rhai { source, shown } });
    }

    /// Takes note of the script that ran before the first input; what later lines need of it goes into theirs.
    pub(super) fn start_with(&mut self, source: &str) {
        self.startup = parsable(source).into_owned();
    }

    /// Takes note of an input in Rhai that failed while it ran: its functions are there nevertheless.
    pub(super) fn failed(&mut self, source: &str) {
        let kept = statements(source).into_iter().filter(|s| matches!(s.kind, Kind::Function | Kind::Import));
        let kept: Vec<&str> =
            kept.map(|statement| &source[statement.comments..statement.range.end]).collect();
        if !kept.is_empty() {
            self.evaluated(&kept.join(";\n"), false);
        }
    }

    /// Takes note of a script that was loaded.
    pub(super) fn loaded(&mut self, text: &str) {
        let source = parsable(text);
        let lines = source.lines().skip_while(|line| line.trim().is_empty() || line.starts_with("//"));
        self.done.push(Done::Rhai { source: lines.collect::<Vec<_>>().join("\n"), shown: false });
    }

    /// Takes note of a command of virsh.
    pub(super) fn called(&mut self, line: &str, call: &Call) {
        // These say something to the person and leave nothing behind.
        if matches!(call.command.name, "help" | "cd" | "pwd") {
            return;
        }
        self.done.push(if is_secret(line) { Done::Secret } else { Done::Virsh { call: call.as_script() } });
    }

    /// Takes note of another default connection.
    pub(super) fn connected(&mut self, uri: &str, readonly: bool) {
        let uri = uri.to_owned();
        self.done.push(if is_secret(&uri) { Done::Secret } else { Done::Connected { uri, readonly } });
    }

    /// How many inputs a script would have.
    pub(super) fn len(&self) -> usize {
        self.done.len() - self.secrets()
    }

    /// How many inputs are left out because a secret is in them.
    pub(super) fn secrets(&self) -> usize {
        self.done.iter().filter(|done| matches!(done, Done::Secret)).count()
    }

    /// The connection that the first line was typed on.
    pub(super) fn first_uri(&self) -> Option<String> {
        self.uri.clone()
    }

    /// Takes note of the connection that is there before anything is done.
    pub(super) fn begin(&mut self, uri: &str) {
        if self.done.is_empty() {
            self.uri = Some(uri.to_owned());
        }
    }

    /// Writes the script.
    ///
    /// It does what the session did and prints what it showed: a value goes through `show`, a line of virsh is a call
    /// of its function, and a last value that a later line speaks of gets its name, `it`. Functions and imports stand
    /// in front; of several functions of one name the last one counts.
    pub(super) fn script(&self) -> String {
        let mut script = Script::default();
        for (index, done) in self.done.iter().enumerate() {
            script.add(done, self.is_spoken_of(index));
        }
        script.complete(&self.startup);
        script.text()
    }

    /// Whether a later line speaks of the last value of this one.
    fn is_spoken_of(&self, index: usize) -> bool {
        for later in &self.done[index + 1..] {
            match later {
                Done::Rhai { source, .. } if mentions_it(source) => return true,
                Done::Rhai { shown: true, .. } | Done::Virsh { .. } => return false,
                _ => {}
            }
        }
        false
    }
}

fn mentions_it(source: &str) -> bool {
    tokens(source).iter().any(|token| token.class == Class::Variable && token.text(source) == "it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virsh::parse_line;

    fn script(inputs: &[(&str, bool)]) -> String {
        let mut journal = Journal::default();
        for (source, shown) in inputs {
            journal.evaluated(source, *shown);
        }
        journal.script()
    }

    #[test]
    fn what_was_shown_is_shown_by_the_script() {
        assert_eq!(
            script(&[("let a = 20; let b = 22; a + b // sum", true), ("a", true), ("b = 3", false)]),
            "let a = 20;\nlet b = 22;\nshow(a + b);\nshow(a);\nb = 3;\n"
        );
        assert_eq!(script(&[("if a { 1 } else { 2 }", true)]), "show(if a { 1 } else { 2 });\n");
        assert_eq!(script(&[("return 5; never()", true)]), "show(5);\n");
    }

    #[test]
    fn the_last_value_gets_its_name_where_a_later_line_speaks_of_it() {
        assert_eq!(
            script(&[("1", true), ("2", true), ("let x = 1;", false), ("it + x", true), ("it.len()", true)]),
            "show(1);\nlet it = 2;\nshow(it);\nlet x = 1;\nlet it = it + x;\nshow(it);\nshow(it.len());\n"
        );
    }

    #[test]
    fn functions_and_imports_stand_in_front_and_the_last_one_of_a_name_counts() {
        assert_eq!(
            script(&[
                ("fn f(x) { 1 }", false),
                ("f(2)", true),
                ("import \"table\" as t; t::rows([])", true),
                ("/// Doubles.\nfn f(y) { y * 2 }\nfn f() { 0 } f()", true),
                ("import \"table\" as t;", false),
            ]),
            "import \"table\" as t;\n\n/// Doubles.\nfn f(y) { y * 2 }\n\nfn f() { 0 }\n\n\
             show(f(2));\nshow(t::rows([]));\nshow(f());\n"
        );
    }

    #[test]
    fn a_line_of_virsh_is_a_call_of_its_function() {
        let mut journal = Journal::default();
        for line in ["list --all", "setvcpus test 4 --live", "help list", "setmem 'a b' 2048", "domid test"] {
            journal.called(line, &parse_line(line).unwrap()[0]);
        }
        journal.evaluated("it + 1", true);
        assert_eq!(
            journal.script(),
            "vsh::shown(|| virsh::list(#{ all: true }));\n\
             vsh::shown(|| virsh::setvcpus(#{ domain: \"test\", count: \"4\", live: true }));\n\
             vsh::shown(|| virsh::setmem(#{ domain: \"a b\", size: \"2048\" }));\n\
             let it = vsh::shown(|| virsh::domid(#{ domain: \"test\" }));\nshow(it + 1);\n"
        );
    }

    #[test]
    fn what_the_startup_script_made_is_there_where_it_is_needed() {
        let mut journal = Journal::default();
        journal.start_with(
            "import \"table\" as t; import \"wait\" as w; const SITE = \"x\"; let other = 1;\n\
             fn inner() { 1 } fn mine() { inner() + SITE.len() } fn unused() { w::x() } fn own() { 1 } print(SITE);",
        );
        journal.evaluated("fn own() { 2 }", false);
        journal.evaluated("mine() + own() + t::sum_by([], |x| x)", true);
        assert_eq!(
            journal.script(),
            "import \"table\" as t;\n\nfn own() { 2 }\n\nfn mine() { inner() + SITE.len() }\n\nfn inner() { 1 }\n\n\
             const SITE = \"x\";\nshow(mine() + own() + t::sum_by([], |x| x));\n"
        );
    }

    #[test]
    fn a_secret_is_left_out_and_the_gap_is_told() {
        let mut journal = Journal::default();
        journal.evaluated("let password = \"x\"", false);
        journal.connected("esx://root:geheim@host/", false);
        journal.connected("test:///default", true);
        assert_eq!((journal.len(), journal.secrets()), (1, 2));
        let script = journal.script();
        assert!(!script.contains("geheim") && !script.contains("\"x\""), "{script}");
        assert!(
            script.ends_with("virsh::connect(#{ name: \"test:///default\", readonly: true });\n"),
            "{script}"
        );
    }

    #[test]
    fn of_a_failed_input_only_the_definitions_stay() {
        let mut journal = Journal::default();
        journal.failed("let x = 1; fn f() { 1 } nonsense()");
        journal.failed("nonsense()");
        journal.loaded("#!/usr/bin/env virhai\n//! About it.\n\nfn g() { 2 }\nprint(g());\n");
        assert_eq!(journal.script(), "fn f() { 1 }\n\nfn g() { 2 }\n\nprint(g());\n");
    }
}
