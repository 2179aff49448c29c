//! `virhai validate`: situations of hosts as files, the installed virt-host-validate beside it, and what is asked of KVM and
//! libvirt.

mod hosts;
mod peer;

use std::time::Duration;

use crate::support::{Daemon, Need, Virhai, lab_or_skip, turn, within};

/// A folder that stands for a host on which nothing is wrong.
fn fine() -> hosts::Host {
    hosts::Host::read("intel")
}

#[test]
fn every_situation_gives_what_its_file_says() {
    let faults = hosts::compare_all();
    assert!(faults.is_empty(), "{} situations differ\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn there_are_at_least_forty_situations() {
    assert!(hosts::names().len() >= 40, "{}", hosts::names().len());
}

#[test]
fn the_status_is_that_of_the_worst_result() {
    let statuses = [("intel", 0), ("intel-no-vhost-net", 6), ("intel-no-tun", 1), ("nothing", 1)];
    for (name, status) in statuses {
        let host = hosts::Host::read(name);
        Virhai::new()
            .arg("validate")
            .arg("--root")
            .arg(host.root())
            .arg("qemu")
            .any_stdout()
            .status(status)
            .run();
    }
}

#[test]
fn results_are_data_in_every_format() {
    let host = fine();
    let validate = || Virhai::new().args(["validate", "lxc", "--root"]).arg(host.root());
    let output = validate().args(["-o", "json"]).any_stdout().run();
    let results: serde_json::Value = serde_json::from_str(&output.stdout()).unwrap();
    let first = &results.as_array().unwrap()[0];
    let expected = serde_json::json!({
        "hypervisor": "lxc", "check": "kernel", "status": "pass", "found": "Linux 6.1.0-18-amd64", "why": null, "fix": null
    });
    assert_eq!(first, &expected);
    let output = validate().args(["-o", "csv", "--columns", "check,status"]).any_stdout().run();
    assert!(output.stdout().starts_with("check,status\nkernel,pass\n"), "{}", output.stdout());
}

#[test]
fn a_terminal_gets_a_report_that_fits() {
    let host = hosts::Host::read("intel-no-devices");
    let code = "let results = validate(#{ root: args[0], hypervisor: [\"qemu\", \"host\"] });
        import \"validate\" as validate;
        print(validate::report(results, #{ width: 80 }))";
    let output = Virhai::new().args(["-e", code]).arg(host.root()).any_stdout().run().stdout();
    // Only commands, which are copied, may be longer.
    let long = output.lines().find(|line| line.chars().count() > 80 && !line.starts_with("      "));
    assert_eq!(long, None);
    assert!(output.contains("FAIL  /dev/kvm"), "{output}");
    assert!(output.contains("modprobe kvm_intel && echo kvm_intel >> /etc/modules\n"), "{output}");
    assert!(output.trim_end().ends_with("2 failures, 2 warnings, 3 notes; 9 passed"), "{output}");
}

#[test]
fn what_there_is_not_is_wrong_usage() {
    Virhai::new()
        .args(["validate", "qemo"])
        .status(2)
        .stderr("error: \"qemo\" is no part of a host that can be validated\nhint: did you mean \"qemu\"?\n")
        .run();
    Virhai::new()
        .args(["validate", "--root", "/no/such/folder"])
        .status(2)
        .stderr(
            "error: --root /no/such/folder is no folder\nhint: name a folder with dev, proc and sys in it\n",
        )
        .run();
    for wrong in ["validate(#{ hypervisr: \"qemu\" })", "validate(7)"] {
        let code = format!("print(attempt(|| {wrong}).error.code)");
        Virhai::new().args(["-e", &code]).stdout("usage\n").run();
    }
}

#[test]
fn the_verdict_on_kvm_comes_from_its_rate() {
    let code = "import \"validate\" as validate;
        for rate in [0, 570_000, 1.9e6, 99_999_999, 100_000_000, 3.1e9] { print(validate::kvm_verdict(rate)) }";
    Virhai::new().args(["-e", code]).stdout("fail\nfail\nfail\nfail\npass\npass\n").run();
    let code = "import \"validate/kvm\" as kvm;
        for rate in [0.0, 573_270.5, 2.5e9] { let e = kvm::of_rate(rate); print(`${e.status}: ${e.found}; ${e.why}`) }";
    Virhai::new()
        .args(["-e", code])
        .stdout(
            "fail: present but unusable (emulated): 0 iterations a second; a guest runs about 1.0 billion times slower \
             than it should\n\
             fail: present but unusable (emulated): 573.3 thousand iterations a second; a guest runs about 1.7 thousand \
             times slower than it should\n\
             pass: 2.5 billion iterations a second; \n",
        )
        .run();
}

#[test]
fn the_speed_of_kvm_is_known_within_three_seconds_and_nothing_is_left() {
    let _alone = turn::alone();
    let code = "let before = fs::list(`/proc/${os::pid()}/fd`).len();
        let outcome = attempt(|| os::kvm_speed(\"/dev/kvm\"));
        let children = fs::read(`/proc/${os::pid()}/task/${os::pid()}/children`);
        print(`${fs::list(`/proc/${os::pid()}/fd`).len() - before} ${children.len()}`);
        let known = if outcome.ok { outcome.value.per_second > 0.0 } else { outcome.error.code in [\"io\", \"unsupported\"] };
        print(known);";
    let output = Virhai::new().args(["-e", code]).any_stdout().run();
    within(output.took, Duration::from_secs(3));
    assert_eq!(output.stdout(), "0 0\ntrue\n");
}

#[test]
fn what_is_no_kvm_is_no_crash() {
    for device in ["/dev/null", "/no/such/device", "/proc/version", ""] {
        let code = format!("print(attempt(|| os::kvm_speed(\"{device}\")).error.code)");
        let output = Virhai::new().args(["-e", &code]).any_stdout().run();
        assert!(
            ["io\n", "unsupported\n"].contains(&output.stdout().as_str()),
            "{device}: {}",
            output.stdout()
        );
    }
}

#[test]
fn validating_only_reads() {
    let host = fine();
    Virhai::new()
        .small_node()
        .args(["--deny", "run,write,net,change,destroy", "-r", "validate", "host", "--root"])
        .arg(host.root())
        .any_stdout()
        .run();
    let denied = [
        "--deny",
        "run,write,net,change,destroy",
        "validate",
        "host",
        "-o",
        "tsv",
        "--columns",
        "check,status",
    ];
    let output = Virhai::new().small_node().args(denied).any_stdout().output();
    assert!(output.stdout().contains("connection\tpass"), "{} {}", output.stdout(), output.stderr());
}

#[test]
fn a_connection_tells_of_memory_processors_pools_and_networks() {
    let checks = "validate(\"host\").filter(|r| !(r.check in [\"clock\", \"huge pages\"])).map(|r| `${r.status} ${r.check}`)";
    let output = Virhai::new().small_node().args(["-o", "text", "-e", checks]).any_stdout().run().stdout();
    for line in ["pass connection", "pass libvirt version", "pass processors", "unknown guests"] {
        assert!(output.lines().any(|found| found == line), "{line}\n{output}");
    }
}

#[test]
fn a_uri_tells_whether_its_machine_is_another_one() {
    let code = "import \"validate/connection\" as connection;
        for uri in args { let p = connection::parts_of(uri); print(`${p.driver} ${p.remote}`) }";
    Virhai::new()
        .args([
            "-e",
            code,
            "qemu:///system",
            "qemu+ssh://root@kvm2.example.org:2222/system",
            "qemu+tcp://localhost/system",
        ])
        .args(["lxc+tls://[fe80::1]:16514/", "qemu+ssh://[::1]/system", "test:///default", "nonsense"])
        .stdout("qemu false\nqemu true\nqemu false\nlxc true\nqemu false\ntest false\n false\n")
        .run();
}

#[test]
fn files_here_say_nothing_of_another_machine() {
    let code = "print(validate().map(|r| `${r.status} ${r.hypervisor} ${r.check}`))";
    Virhai::new()
        .args(["-c", "qemu+ext://elsewhere.invalid/system?command=/no/such/program", "-e", code])
        .stdout(
            "[\"unknown qemu files of the machine\", \"unknown host huge pages\", \"unknown host clock\", \
             \"unknown host connection\"]\n",
        )
        .run();
}

#[test]
fn what_libvirt_tells_from_afar_is_not_unknown() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let code = "import \"validate/connection\" as connection;
        for e in connection::from_afar(conn(), \"qemu\") { print(`${e.status} ${e.check}: ${e.found ?? e.why}`) }";
    let said = Virhai::new().connect(&daemon.uri()).args(["-e", code]).any_stdout().run().stdout();
    for line in [
        "fail kvm: the daemon offers no guests of type kvm",
        "unknown /dev/net/tun: not knowable through libvirt",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
}

#[test]
fn without_a_connection_the_rest_still_runs() {
    let code = "let all = validate(\"host\"); let c = all.find(|r| r.check == \"connection\"); print(c.status); print(all.len() > 2)";
    Virhai::new()
        .args(["-c", "qemu+unix:///system?socket=/no/such/socket", "-e", code])
        .stdout("unknown\ntrue\n")
        .run();
}

#[test]
fn a_function_of_the_script_is_never_taken_for_one_of_the_checks() {
    let code = "import \"validate\" as validate;
        fn line(a, b) { \"mine\" } fn exists(a, b) { false } fn says_pass(a, b) { () } fn lines(a, b) { [] }
        line(1, 2); exists(1, 2); says_pass(1, 2); lines(1, 2);
        let host = #{ root: args[0], hypervisor: \"lxc\" };
        print(validate::check(host) == validate(host)); print(validate::status(validate(host)))";
    let host = fine();
    Virhai::new().args(["-e", code]).arg(host.root()).stdout("true\n0\n").run();
}

#[test]
fn a_device_that_may_not_be_used_names_the_group() {
    lab_or_skip!(Need::Root, Need::Program("runuser"));
    let host = fine();
    host.close("dev/kvm");
    let output =
        peer::as_nobody(&["validate", "qemu", "-o", "json", "--root", host.root().to_str().unwrap()]);
    assert_eq!(output.status, 1, "{}", output.stderr());
    assert!(
        output.stdout().contains("the user nobody may not read and write /dev/kvm"),
        "{}",
        output.stdout()
    );
    let compat = peer::as_nobody(&["validate", "--compat", "qemu", "--root", host.root().to_str().unwrap()]);
    let line =
        ": FAIL (Check /dev/kvm is world writable or you are in a group that is allowed to access it)\n";
    assert!(compat.stdout().contains(line), "{}", compat.stdout());
}

#[test]
fn files_that_may_not_be_read_are_unknown() {
    lab_or_skip!(Need::Root, Need::Program("runuser"));
    let host = fine();
    host.close("proc/cpuinfo");
    let output =
        peer::as_nobody(&["validate", "qemu", "-o", "json", "--root", host.root().to_str().unwrap()]);
    let results: serde_json::Value = serde_json::from_str(&output.stdout()).unwrap();
    assert_eq!(results[0]["status"], "unknown");
    assert_eq!(results[0]["why"], "/proc/cpuinfo: Permission denied");
    let compat = peer::as_nobody(&["validate", "--compat", "qemu", "--root", host.root().to_str().unwrap()]);
    assert_eq!((compat.status, compat.stdout().as_str()), (1, ""));
}

#[test]
fn guests_that_ask_for_what_is_not_there_are_named() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let code = r#"
        let xml = |name, gib, cpu| `<domain type='qemu'><name>${name}</name><memory unit='GiB'>${gib}</memory>
            <os><type arch='x86_64' machine='q35'>hvm</type></os>${cpu}
            <devices><disk type='file' device='disk'><source file='/tmp/none.img'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;
        fn say() {
            for r in validate("host") {
                if r.check.starts_with("guest") || r.check == "memory" { print(`${r.status} ${r.check}: ${r.found ?? r.why}`) }
            }
        }
        conn().define_domain(xml.call("large", 900, ""));
        say();
        conn().define_domain(xml.call("odd", 1, "<cpu mode='host-passthrough'/>"));
        conn().define_domain(xml.call("huge", 1, "<memoryBacking><hugepages/></memoryBacking>"));
        conn().define_domain(xml.call("new", 1, "<cpu mode='custom' match='exact' check='full'><model>Cooperlake</model></cpu>"));
        say();
    "#;
    let output = Virhai::new().connect(&daemon.uri()).args(["-e", code]).output();
    let said = output.stdout();
    for line in [
        "pass guests: 1 ask for nothing that the host lacks",
        "fail guest odd: a CPU of the mode host-passthrough",
        "fail guest huge: 1.0 GiB of huge pages, of which 0 B are free",
        "fail guest new: the CPU model Cooperlake, which this processor is not",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}{}", output.stderr());
    }
    assert!(said.contains("note memory: 0 B of "), "{said}");
}
