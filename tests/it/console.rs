//! Consoles, channels, graphics and pictures of a real guest.

use std::time::Duration;

use crate::support::{Daemon, Guest, Need, Terminal, Virhai, lab_or_skip, turn};

/// A login at the serial console, and everything else that a script can say to a guest.
const DIALOGUE: &str = r##"
    let vm = domain("co-guest");
    let console = vm.open_console();
    print(console);
    console.send("\n");
    console.expect("login:", "90s");
    console.send("root\n");
    console.expect("assword:", "60s");
    // The guest's login throws away what was typed before it is ready, and shows nothing when it is.
    sleep("3s");
    console.send("lab\n");
    console.expect("# ", "60s");
    console.send("echo $((6*7))-grüße\n");
    console.expect("42-grüße", "60s");
    print(console.expect_any(["no such text", "# "], "60s").index);
    let failed = attempt(|| console.expect("no such text", "100ms"));
    print([failed.ok, failed.error.code]);

    // One at a time, unless by force.
    print(attempt(|| vm.open_console()).error.code);
    let forced = vm.open_console(#{ force: true });
    let end = ();
    while end == () { let r = attempt(|| console.read("60s")); if !r.ok { end = r.error } }
    print([end.code, attempt(|| console.send("x")).ok]);
    forced.send("exit\n");
    forced.expect("login:", "60s");
    forced.close();
    forced.close();
    print([forced.open, attempt(|| forced.send("x")).error.code]);

    print(attempt(|| vm.open_console(#{ device: "no-such" })).ok);
    print(attempt(|| vm.open_channel("no.such.channel")).ok);
    let channel = vm.open_channel("co.echo");
    print([channel.to_string(), channel.read("100ms").len(), channel.read_blob("100ms").len()]);
    print(vm.open_graphics().expect("RFB ", "60s").len());
    print(attempt(|| vm.open_graphics(7)).ok);
    print(attempt(|| vm.console()).error.hint.contains("open_console"));

    vm.screenshot(args[0]);
    print(vm.screenshot().len() > 1000);

    let last = vm.open_console();
    vm.destroy();
    let end = ();
    while end == () { let r = attempt(|| last.read("60s")); if !r.ok { end = r.error } }
    print(end.code);
    print(attempt(|| vm.open_console()).error.code);
    print(attempt(|| vm.screenshot()).error.code);
"##;

#[test]
fn a_script_talks_to_a_guest() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let channel = "<channel type='unix'><target type='virtio' name='co.echo'/></channel>";
    let guest = Guest::plan(&daemon, "co-guest").device(channel).boot();
    at_the_terminal(&daemon, guest.name());
    let picture = daemon.dir().join("picture.png");
    Virhai::new()
        .connect(&daemon.uri())
        .limit(Duration::from_secs(240))
        .file("s.rhai", DIALOGUE)
        .arg("s.rhai")
        .arg(&picture)
        .stdout(
            "console of co-guest\n1\n[false, \"timeout\"]\noperation_failed\n[\"io\", false]\n[false, \"usage\"]\n\
             false\nfalse\n[\"channel co.echo of co-guest\", 0, 0]\n0\nfalse\ntrue\ntrue\nio\noperation_invalid\n\
             operation_invalid\n",
        )
        .run();
    let picture = std::fs::read(picture).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert!(info.width >= 640 && info.height >= 400, "{} x {}", info.width, info.height);
}

/// A person at a terminal logs in, and is back at the prompt after `^]`.
fn at_the_terminal(daemon: &Daemon, guest: &str) {
    let _turn = turn::boot();
    let terminal = Terminal::open(Virhai::new().connect(&daemon.uri()), 80, 24);
    // The guest's getty reads a carriage return as the end of a line only where it has seen one first.
    let say = |text: &str| {
        terminal.text(text);
        terminal.keys(&["C-j"]);
    };
    terminal.wait_for("system>");
    terminal.line(&format!("domain(\"{guest}\").console()"));
    terminal.wait_for("^] (Ctrl and ]) leaves");
    say("");
    terminal.wait_for("login:");
    say("root");
    terminal.wait_for("assword:");
    // The guest's login throws away what was typed before it is ready, and shows nothing when it is.
    std::thread::sleep(Duration::from_secs(3));
    say("lab");
    terminal.wait_for("~ #");
    // Ctrl-C is the guest's.
    say("cat");
    terminal.wait_for("~ # cat");
    // What is typed before the shell has started it is read with the shell's own settings of the line.
    std::thread::sleep(Duration::from_secs(3));
    say("here");
    terminal.wait_for("here\nhere");
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line("~ #");
    say("echo $((6*7))");
    terminal.wait_for("\n42");
    say("exit");
    terminal.keys(&["C-]"]);
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line("print(6 * 111)");
    terminal.wait_for("666");
    terminal.line("exit()");
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn a_console_of_a_daemon_that_hangs_can_be_left() {
    lab_or_skip!(Need::Qemu);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    let serial = "<devices><serial type='pty'/></devices></domain>";
    daemon.define("define", &crate::support::lab::empty_domain_xml("co-hangs").replace("</domain>", serial));
    daemon.virsh(&["start", "co-hangs"]);
    let started = Virhai::new()
        .args(["--timeout", "4s"])
        .connect(&daemon.uri())
        .args([
            "-e",
            "let c = domain(\"co-hangs\").open_console(); print(\"ready\"); c.expect(\"never\", 3600)",
        ])
        .status(4)
        .stdout("ready\n")
        .stderr_contains("the deadline of the run has passed")
        .start();
    started.running.wait_for_stdout("ready");
    daemon.stop_signal();
    let stopped = std::time::Instant::now();
    started.finish();
    assert!(stopped.elapsed() < Duration::from_secs(8), "{:?}", stopped.elapsed());
    daemon.cont_signal();
}
