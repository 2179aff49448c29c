use super::super::host_context::testing::{failure, join};
use rhai::Engine;

use super::*;
use crate::error::code;
use crate::lang::natives::Docs;

fn engine(deny: &str) -> Engine {
    let mut engine = Engine::new();
    Natives::bind(&mut engine, Docs::Dropped, register);
    join(&mut engine, deny);
    engine
}

/// Runs a script in whose text `DIR` stands for a folder of its own.
fn run(script: &str) -> Dynamic {
    let folder = tempfile::tempdir().unwrap();
    let script = script.replace("DIR", folder.path().to_str().unwrap());
    engine("").eval::<Dynamic>(&script).expect(&script)
}

fn text(script: &str) -> String {
    run(script).to_string()
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(text(r#"fs::write("DIR/ä b", "é\n木"); fs::read("DIR/ä b")"#), "é\n木");
    assert_eq!(
        text(r#"fs::write("DIR/f", "a\nb\n"); fs::append("DIR/f", "c"); fs::read_lines("DIR/f")"#),
        r#"["a", "b", "c"]"#
    );
    assert_eq!(text(r#"fs::write("DIR/f", blob(3, 255)); fs::read_blob("DIR/f").len()"#), "3");
    assert_eq!(text(r#"fs::append("DIR/new", "x"); fs::size("DIR/new")"#), "1");
}

#[test]
fn folders_are_made_listed_and_removed() {
    assert_eq!(
        text(r#"fs::mkdir("DIR/a/b"); fs::mkdir("DIR/a/b"); fs::write("DIR/a/f", ""); fs::list("DIR/a")"#),
        r#"["b", "f"]"#
    );
    assert_eq!(text(r#"fs::mkdir("DIR/a/b"); fs::remove("DIR/a/b"); fs::is_dir("DIR/a/b")"#), "false");
    assert_eq!(text(r#"fs::mkdir("DIR/a/b"); fs::remove_all("DIR/a"); fs::exists("DIR/a")"#), "false");
    assert_eq!(text(r#"fs::write("DIR/x.img", ""); fs::base_name(fs::glob("DIR/*.img")[0])"#), "x.img");
}

#[test]
fn files_are_renamed_and_copied() {
    assert_eq!(
        text(
            r#"fs::write("DIR/a", "x"); fs::rename("DIR/a", "DIR/b"); [fs::exists("DIR/a"), fs::is_file("DIR/b")]"#
        ),
        "[false, true]"
    );
    assert_eq!(text(r#"fs::write("DIR/a", "xyz"); fs::copy("DIR/a", "DIR/b")"#), "3");
}

#[test]
fn block_devices_are_told_from_everything_else() {
    use std::os::unix::fs::FileTypeExt;
    assert_eq!(text(r#"[fs::is_block_device("DIR"), fs::is_block_device("/dev/null")]"#), "[false, false]");
    for device in std::fs::read_dir("/dev").unwrap().flatten() {
        let is_block_device = std::fs::metadata(device.path()).is_ok_and(|m| m.file_type().is_block_device());
        let path = device.path().display().to_string();
        assert_eq!(text(&format!("fs::is_block_device(`{path}`)")), is_block_device.to_string(), "{path}");
    }
}

#[test]
fn parts_of_paths() {
    assert_eq!(text(r#"fs::join("/a", "b") + fs::join("/a", "/c")"#), "/a/b/c");
    assert_eq!(
        text(r#"[fs::base_name("/a/b.c"), fs::parent("/a/b.c"), fs::extension("/a/b.c")]"#),
        r#"["b.c", "/a", "c"]"#
    );
    assert_eq!(text(r#"[fs::base_name("/"), fs::parent("a"), fs::extension("a")]"#), r#"["", "", ""]"#);
    assert_eq!(text(r#"fs::absolute("/usr/../usr")"#), "/usr");
}

#[test]
fn times_are_rfc_3339() {
    let time = text(r#"fs::write("DIR/f", ""); fs::modified("DIR/f")"#);
    assert!(units::parse_time(&time).is_ok(), "{time}");
}

#[test]
fn temporary_things_are_private_and_stay_until_they_are_removed() {
    use std::os::unix::fs::MetadataExt;
    for (script, bits) in [("fs::temp_dir()", 0o700), ("fs::temp_file()", 0o600)] {
        let path = text(script);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, bits, "{path}");
        assert!(run(&format!("fs::remove({path:?})")).is_unit());
        assert!(!Path::new(&path).exists());
    }
}

#[test]
fn a_failure_names_the_file_and_the_operation() {
    let engine = engine("");
    let error = failure(&engine, r#"fs::read("/no/such/file")"#);
    assert_eq!((error.code(), error.facts().object.as_deref()), (code::IO, Some("/no/such/file")));
    assert_eq!(error.facts().operation.as_deref(), Some("fs.read"));
    assert!(error.facts().hint.is_some());
    for script in [
        r#"fs::read("/tmp")"#,
        r#"fs::read("a\x00b")"#,
        r#"fs::write("/no/such/file", "")"#,
        r#"fs::write("/tmp", "")"#,
        r#"fs::list("/etc/passwd")"#,
        r#"fs::remove("/no/such/file")"#,
        r#"fs::remove_all("/no/such/file")"#,
        r#"fs::copy("/no/such/file", "/tmp/virhai-none")"#,
        r#"fs::absolute("/no/such")"#,
        r#"fs::write("/dev/full", "x")"#,
    ] {
        assert_eq!(failure(&engine, script).code(), code::IO, "{script}");
    }
}

#[test]
fn a_file_that_is_no_text_is_read_as_a_blob() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, b"\xff").unwrap();
    let error = failure(&engine(""), &format!("fs::read({path:?})"));
    assert!(error.facts().hint.as_deref().unwrap().contains("read_blob"));
}

#[test]
fn only_texts_and_blobs_are_written() {
    assert_eq!(failure(&engine(""), r#"fs::write("/tmp/virhai-none", #{})"#).code(), code::USAGE);
    assert_eq!(failure(&engine(""), r#"fs::remove_all("/")"#).code(), code::USAGE);
}

#[test]
fn nothing_that_writes_works_when_it_is_denied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, "old").unwrap();
    let engine = engine("write");
    for call in [
        "write(P, \"x\")",
        "append(P, \"x\")",
        "mkdir(P + \".d\")",
        "remove(P)",
        "remove_all(P)",
        "rename(P, P + \".b\")",
        "copy(P, P + \".b\")",
        "temp_dir()",
        "temp_file()",
    ] {
        for script in [
            format!("let P = {path:?}; fs::{call}"),
            format!("fn f(P) {{ fs::{call} }} f({path:?})"),
            format!("let f = |P| fs::{call}; f.call({path:?})"),
            format!("let P = {path:?}; eval(`fs::{call}`)"),
        ] {
            let error = failure(&engine, &script);
            assert_eq!(error.code(), code::DENIED, "{script}");
            assert!(error.to_string().contains("--deny write"), "{error}");
        }
    }
    assert_eq!(engine.eval::<String>(&format!("fs::read({path:?})")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn without_a_session_nothing_is_written() {
    let mut engine = Engine::new();
    Natives::bind(&mut engine, Docs::Dropped, register);
    assert_eq!(failure(&engine, "fs::temp_file()").code(), "internal_error");
}

#[test]
fn a_checksum_is_that_of_sha256sum() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(text(r#"fs::write("DIR/f", ""); fs::sha256("DIR/f")"#), empty);
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(text(r#"fs::write("DIR/f", "abc"); fs::sha256("DIR/f")"#), abc);
    // Longer than what is read at once.
    let zeros = "e9a099c75ef837c28bc91683bee127e463fa0ee10c11fd816f8d2d428c0d610e";
    assert_eq!(text(r#"fs::write("DIR/f", blob((2 << 20) + 1, 0)); fs::sha256("DIR/f")"#), zeros);
    assert_eq!(failure(&engine(""), r#"fs::sha256("/no/such")"#).code(), code::IO);
}

#[test]
fn a_locked_file_is_refused_to_others_until_the_closure_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lock").display().to_string();
    let twice = format!("fs::locked({file:?}, || fs::locked({file:?}, || 1))");
    let refused = failure(&engine(""), &twice);
    let by = format!("process {} has it locked", std::process::id());
    assert_eq!((refused.code(), refused.facts().message.as_str()), ("resource_busy", by.as_str()));
    assert_eq!(text(&format!("fs::locked({file:?}, || \"free again\")")), "free again");
    let thrown = r#"try { fs::locked("DIR/lock", || throw 1) } catch { } fs::locked("DIR/lock", || 2)"#;
    assert_eq!(text(thrown), "2");
    let denied = failure(&engine("write"), r#"fs::locked("/tmp/x", || 1)"#);
    assert_eq!((denied.code(), std::path::Path::new("/tmp/x").exists()), (code::DENIED, false));
}
