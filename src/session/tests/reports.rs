//! What a session shows of a failure: whose line, and what may have been meant.

use super::*;
use crate::lang::lint::{NoModules, check};
use crate::lang::natives::Docs;
use crate::output::Palette;
use crate::report::uncaught_text;

fn shown(text: &str) -> String {
    let mut session = session("test:///default");
    let failure = session.eval("job.rhai", text).unwrap_err();
    uncaught_text(&failure, Palette::PLAIN, &session)
}

fn hint(text: &str) -> String {
    let shown = shown(text);
    shown.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default().to_owned()
}

#[test]
fn what_the_library_refuses_is_shown_where_the_script_called_it() {
    let script = "import \"devices\" as devices;\n\
        fn plug(vm) {\n    devices::attach_disk(vm, #{ sorce: \"/a\" });\n}\n\
        plug(domain(\"test\"));";
    let shown = shown(script);
    let places: Vec<&str> =
        shown.lines().filter_map(|line| line.split_once("job.rhai:")).map(|(_, at)| at).collect();
    assert_eq!(places, ["3:14", "5:1"], "{shown}");
    let first = shown.lines().position(|line| line.contains("--> job.rhai:3:14"));
    let library = shown.lines().position(|line| line.contains("stdlib/devices.rhai"));
    assert!(first.is_some() && first < library, "{shown}");
}

#[test]
fn a_failure_below_the_library_is_shown_where_it_happened() {
    let shown = shown("import \"table\" as t;\nt::sum_by([1], |x| x.nope)");
    assert!(shown.contains("--> job.rhai:2:22"), "{shown}");
}

#[test]
fn words_of_the_devices_module_are_checked() {
    let hint = |call: &str| hint(&format!("import \"devices\" as d; d::{call}"));
    assert_eq!(hint("interface_xml(#{ source: \"br0\", type: \"brigde\" })"), "did you mean \"bridge\"?");
    assert!(
        hint("interface_xml(#{ source: \"x\", type: \"teleport\" })")
            .starts_with("it is one of [\"network\"")
    );
    assert_eq!(hint("disk_xml(#{ target: \"vdb\", type: \"cdrm\" })"), "did you mean \"cdrom\"?");
    assert_eq!(hint("disk_xml(#{ target: \"vdb\", sourcetype: \"blok\" })"), "did you mean \"block\"?");
    assert_eq!(hint("disk_xml(#{ target: \"vdb\", mode: \"read\" })"), "did you mean \"readonly\"?");
}

#[test]
fn the_nearest_function_of_a_module_is_named() {
    assert_eq!(hint("import \"table\" as t; t::sum_bi([1], |x| x)"), "did you mean `t::sum_by`?");
    assert_eq!(hint("fs::reed(\"/x\")"), "did you mean `fs::read`?");
    assert_eq!(hint("let x = [3]; x.srot()"), "did you mean `sort`?");
    assert_eq!(hint("import \"table\" as t; t::prnt([1])"), "`t` has count_by, group_by, sum_by");
    assert_eq!(hint("fs::zzzzz(\"/x\")"), "");
}

#[test]
fn a_method_of_the_connection_that_is_called_as_a_function_is_named() {
    assert_eq!(hint("define_domain(\"<domain/>\")"), "it is a method: `conn().define_domain(definition)`");
    assert_eq!(hint("capabilities()"), "it is a method: `host().capabilities()`");
    assert_eq!(
        hint("domain(\"test\").create_network(\"\")"),
        "it is a method: `conn().create_network(definition)`"
    );
    let engine = bare_engine(Docs::Kept);
    let found = check("define_domain(\"<domain/>\")", "x", &catalog(&engine), &NoModules, &engine);
    let found: Vec<_> = found.iter().map(|one| (one.message.as_str(), one.hint.as_deref())).collect();
    let hint = Some("it is a method: `conn().define_domain(definition)`");
    assert_eq!(found, [("there is no function `define_domain`", hint)]);
}

#[test]
fn other_arguments_of_a_function_of_a_module_are_named() {
    assert_eq!(hint("import \"table\" as t; t::sum_by([1])"), "it is called as `t::sum_by(items, number)`");
    assert!(hint("fs::read(1)").starts_with("it is called as `fs::read(path: string)"));
}
