//! What functions of modules call.

use super::*;
use crate::output::Palette;
use crate::report::uncaught_text;

/// A session whose modules are in a folder: name and text of each.
fn session_among(modules: &[(&str, &str)]) -> (Session, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in modules {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let session = Session::new(Settings {
        door: Arc::default(),
        permissions: Permissions::default(),
        uri: Some("test:///default".into()),
        args: Vec::new(),
        folder: Some(folder.path().into()),
        library: None,
        view: crate::output::View::default(),
        history: None,
    });
    (session, folder)
}

#[test]
fn each_module_calls_its_own_function_of_a_name() {
    let (mut session, _folder) = session_among(&[
        ("a.rhai", "fn show() { helper() } fn helper() { \"a\" }"),
        ("b.rhai", "fn show() {\n  helper()\n}\nfn helper() { \"b\" }"),
        (
            "c.rhai",
            "import \"a\" as a; import \"b\" as b; fn show() { a::show() + helper() + b::show() } fn helper() { \"c\" }",
        ),
    ]);
    let script = r#"
        import "a" as a; import "b" as b; import "c" as c;
        fn helper() { "mine" }
        fn show() { helper() }
        let said = [];
        for i in 0..2 {
            said.push(a::show() + b::show() + a::helper() + b::helper() + helper() + show() + c::show());
        }
        said.push([1].map(|x| a::show() + b::show())[0]);
        said
    "#;
    let said = session.eval("job.rhai", script).unwrap();
    assert_eq!(said.to_string(), r#"["ababminemineacb", "ababminemineacb", "ab"]"#);
}

#[test]
fn a_failure_in_a_function_of_one_line_has_its_place() {
    let (mut session, folder) = session_among(&[("m.rhai", "fn ok() { 1 } fn half(x) { x / 0 }\n")]);
    let failure = session.eval("job.rhai", "import \"m\" as m;\nm::half(3)").unwrap_err();
    let shown = uncaught_text(&failure, Palette::PLAIN, &session);
    let place = format!("{}:1:30", folder.path().join("m.rhai").display());
    assert!(shown.contains(&place), "{shown}");
}
