//! The exit statuses of design.md section 1, each as a user would meet it.

use std::time::{Duration, Instant};

use crate::support::{Node, Virhai};

fn test_driver(code: &str) -> Virhai {
    Virhai::new().small_node().args(["-e", code])
}

#[test]
fn done_is_0_and_the_last_value_is_shown() {
    Virhai::new()
        .args(["-c", "test:///default", "-o", "json", "-e", "domains().map(|d| d.name)"])
        .stdout("[\"test\"]\n")
        .run();
    test_driver("let a = 2; fn twice(x) { x * 2 }").arg("-e").arg("twice(a)").stdout("4\n").run();
    test_driver("()").run();
}

#[test]
fn a_failed_script_is_1_with_place_and_hint() {
    test_driver("domain(\"nope\").start()")
        .status(1)
        .stderr(
            "error: domain.lookup nope: Domain not found\n --> -e:1:1\n  |\n1 | domain(\"nope\").start()\n  | ^^^^^^\n\
             hint: domains() lists what there is\n",
        )
        .run();
}

#[test]
fn a_name_that_is_not_found_suggests_the_nearest() {
    for (code, near) in [
        ("domains()[0].strat()", "start"),
        ("domains()[0].sttae", "state"),
        ("domians()", "domains"),
        ("fn hello() { 1 } helo()", "hello"),
    ] {
        test_driver(code).status(1).stderr_contains(format!("did you mean `{near}`?")).run();
    }
}

#[test]
fn a_variable_that_is_not_there_suggests_the_nearest() {
    test_driver("let guests = 1; guest").status(2).stderr_contains("did you mean `guests`?").run();
}

#[test]
fn a_column_that_there_is_not_is_wrong_usage_and_nothing_is_run() {
    for code in ["eprint(\"ran\"); domains()", "eprint(\"ran\"); domains()[0]"] {
        test_driver(code)
            .args(["--columns", "name,stat"])
            .status(2)
            .stderr("error: there is no column \"stat\"\nhint: did you mean `state`?\n")
            .run();
    }
    // What a map holds is known when it is there.
    test_driver("conn().inventory()")
        .args(["--columns", "name,vcpu"])
        .status(1)
        .stderr_contains("did you mean `vcpus`?")
        .run();
}

#[test]
fn a_transient_guest_is_not_made_persistent_by_editing_it() {
    test_driver(
        "let vm = conn().create_domain(`<domain type='test'><name>t</name><memory>65536</memory><vcpu>1</vcpu>
             <os><type>hvm</type></os></domain>`);
         try { vm.edit(|doc| doc[\"title\"] = \"x\") } catch (e) { print(`${e.code} ${vm.persistent}`) }",
    )
    .stdout("operation_invalid false\n")
    .run();
}

#[test]
fn what_is_forbidden_inside_an_open_connection_is_1_and_says_by_whom() {
    let vm = "domains()[0].suspend()";
    for (option, by) in [
        (vec!["-r"], "forbidden by -r (--readonly)"),
        (vec!["--deny", "change"], "forbidden by --deny change"),
    ] {
        Virhai::new().args(option).small_node().args(["-e", vm]).status(1).stderr_contains(by).run();
    }
    Virhai::new()
        .args(["--deny", "destroy"])
        .small_node()
        .args(["-e", "domains()[0].undefine()"])
        .status(1)
        .stderr_contains("forbidden by --deny destroy")
        .run();
    test_driver("let c = connect(conn().uri(), #{ readonly: true }); c.domains()[0].suspend()")
        .status(1)
        .stderr_contains("this connection was opened read-only")
        .run();
}

#[test]
fn what_cannot_be_a_script_is_2() {
    Virhai::new().arg("missing.rhai").status(2).stderr_contains("there is no file \"missing.rhai\"").run();
    Virhai::new().arg("chek").status(2).stderr_contains("did you mean `check`?").run();
    Virhai::new().arg(".").status(2).stderr_contains("is a folder, not a script").run();
    Virhai::new().file("b.rhai", "a\0b").arg("b.rhai").status(2).stderr_contains("binary").run();
    Virhai::new().file("x.rhai", "let x = ;").arg("x.rhai").status(2).stderr_contains("x.rhai:1:9").run();
    Virhai::new().args(["--no-such-option"]).status(2).stderr_contains("--no-such-option").run();
    Virhai::new().args(["-o", "jsn", "-e", "1"]).status(2).stderr_contains("json").run();
    Virhai::new()
        .file("c.rhai", "let vm = domain(\"a\"); vm.strat();")
        .args(["check", "c.rhai"])
        .status(2)
        .stderr_contains("did you mean `start`?")
        .run();
}

#[test]
fn bytes_that_are_no_text_are_2_and_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latin1.rhai");
    std::fs::write(&file, b"let a = 1;\nlet b = \"\xe9\";\n").unwrap();
    Virhai::new().arg(file.to_str().unwrap()).status(2).stderr_contains("not UTF-8: see line 2").run();
}

#[test]
fn an_empty_script_and_one_from_standard_input_are_scripts() {
    Virhai::new().file("empty.rhai", "").arg("empty.rhai").run();
    Virhai::new().small_node().stdin("#!/usr/bin/env virhai\nprint(args.len());\n").stdout("0\n").run();
}

#[test]
fn a_connection_that_cannot_be_opened_is_3_with_a_hint_for_its_cause() {
    for (uri, word, hint) in [
        ("qemu+unix:///system?socket=/nonexistent/sock", "No such file", "systemctl start libvirtd.socket"),
        ("nosuchdriver:///x", "cannot open", ""),
        ("test:///no/such/file.xml", "cannot open", ""),
        ("qemu+tcp://127.0.0.1:1/system", "cannot open", ""),
    ] {
        Virhai::new()
            .args(["-c", uri, "-e", "conn().hostname()"])
            .status(3)
            .stderr_contains(word)
            .stderr_contains("hint: ")
            .stderr_contains(hint)
            .run();
    }
}

#[test]
fn a_caught_failure_to_connect_is_not_3() {
    Virhai::new()
        .args(["-e", "try { connect(\"test:///no/such/file\") } catch (e) { print(e.code) }"])
        .stdout("connect_failed\n")
        .any_stderr() // libxml2 itself says that the file is missing
        .run();
}

#[test]
fn a_login_that_is_refused_is_3_and_auth_failed() {
    let node = Node::small().user("admin", Some("secret"));
    let folder = tempfile::tempdir().unwrap();
    let uri = node.write(&folder.path().join("node.xml"));
    Virhai::new().args(["-c", uri.as_str(), "-e", "domains()"]).status(3).stderr_contains("auth.conf").run();
    Virhai::new()
        .home_file(
            ".config/libvirt/auth.conf",
            "[credentials-test]\nusername=admin\npassword=secret\n[auth-test-default]\ncredentials=test\n\
             [auth-test-localhost]\ncredentials=test\n",
        )
        .args(["-c", uri.as_str(), "-e", "domains().len() > 0"])
        .stdout("true\n")
        .run();
}

#[test]
fn the_deadline_is_4_even_in_an_endless_loop_and_a_sleep() {
    for code in ["loop {}", "sleep(\"1h\")", "try { loop {} } catch { print(\"caught\") }"] {
        let start = Instant::now();
        Virhai::new()
            .args(["--timeout", "300ms", "-e", code])
            .status(4)
            .stderr_contains("the deadline of the run has passed")
            .run();
        assert!(start.elapsed() < Duration::from_secs(20), "{code}");
    }
}

#[test]
fn signals_give_what_a_shell_gives() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let started = Virhai::new()
            .args(["-e", "print(\"ready\"); loop {}"])
            .status(status)
            .stdout("ready\n")
            .any_stderr()
            .start();
        started.running.wait_for_stdout("ready");
        started.running.signal(signal);
        started.finish();
    }
}

#[test]
fn exit_gives_any_status_and_no_try_holds_it_up() {
    Virhai::new().args(["-e", "exit(7)"]).status(7).run();
    Virhai::new().args(["-e", "try { exit(5) } catch { print(\"caught\") }"]).status(5).run();
    Virhai::new().args(["-e", "fn f() { exit() } f(); print(\"on\")"]).run();
    Virhai::new().args(["-e", "exit(256)"]).status(1).stderr_contains("from 0 to 255").run();
}

#[test]
fn programs_without_bounds_are_errors_not_aborts() {
    Virhai::new()
        .args(["-e", "fn f(n) { f(n + 1) } f(0)"])
        .status(1)
        .stderr_contains("Stack overflow")
        .limit(Duration::from_secs(120))
        .run();
    Virhai::new().args(["-e", "const m = #{ a: 1 }; m.a = 2;"]).status(1).any_stderr().run();
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    Virhai::new().args(["-e", deep.as_str()]).status(2).any_stderr().run();
}

#[test]
fn nobody_reading_is_quiet() {
    let output = Virhai::of("/bin/sh")
        .args(["-c", &format!("{} -e 'loop {{ print(1) }}' | head -1", env!("CARGO_BIN_EXE_virhai"))])
        .output();
    assert_eq!((output.stdout().as_str(), output.stderr().as_str()), ("1\n", ""));
}

#[test]
fn a_full_disk_is_said() {
    let output = Virhai::of("/bin/sh")
        .args(["-c", &format!("{} -e 'print(1)' > /dev/full", env!("CARGO_BIN_EXE_virhai"))])
        .output();
    assert_eq!(output.status, 1, "{}", output.stderr());
    assert!(output.stderr().contains("No space left"), "{}", output.stderr());
}

#[test]
fn names_go_through_unchanged_everywhere() {
    let name = "a b\"c'<d>&é\nf";
    Virhai::new()
        .small_node()
        .args(["-o", "json", "-e"])
        .arg(
            "let x = xml(\"<domain type='test'><name/><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>\");
             x[\"name\"] = \"a b\\\"c'<d>&é\";
             let vm = conn().define_domain(x);
             [vm.name, domain(vm.name).name, vm.xml[\"name\"].text(), conn().inventory(#{ name: \"a b*\" })[0].name]",
        )
        .stdout_contains("a b\\\"c'<d>&é\",\"a b\\\"c'<d>&é\",\"a b\\\"c'<d>&é\",\"a b\\\"c'<d>&é\"")
        .run();
    // libvirt itself refuses a line end in a name: its words, nothing changed.
    assert!(name.contains('\n'));
    test_driver("domain(\"x\\ny\")").status(1).stderr_contains("domain.lookup").run();
}
