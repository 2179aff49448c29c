//! What guests do, measured: against a load of known size, and beside a guest that hangs.

use std::time::Duration;

use crate::support::process::{lives, send_signal};
use crate::support::{Daemon, Guest, Need, Terminal, Virhai, eventually, lab_or_skip, turn, within};

const LIMIT: Duration = Duration::from_secs(60);
const GUESTS: [&str; 4] = ["g1", "g2", "g3", "g4"];

/// Four guests that run, one of which can be made to hang.
struct Four(Daemon);

impl Four {
    fn start() -> Self {
        let daemon = Daemon::start();
        for name in GUESTS {
            daemon.define_empty(name);
            daemon.virsh(&["start", name]);
        }
        Self(daemon)
    }

    fn signal(&self, name: &str, signal: &str) {
        let file = self.0.dir().join(format!("run/qemu/{name}.pid"));
        send_signal(std::fs::read_to_string(file).unwrap().trim(), signal);
    }

    /// Runs a script and gives what it printed.
    #[track_caller]
    fn script(&self, script: &str) -> String {
        let virhai = Virhai::new().connect(&self.0.uri()).file("s.rhai", script).arg("s.rhai");
        virhai.any_stdout().limit(Duration::from_secs(25)).run().stdout()
    }
}

impl Drop for Four {
    fn drop(&mut self) {
        for name in GUESTS {
            self.signal(name, "CONT");
        }
    }
}

#[test]
fn a_guest_that_hangs_is_stale_and_keeps_nobody_waiting() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let _turn = turn::alone();
    let four = Four::start();
    // The hypervisor is asked for its capabilities once, which takes its time.
    four.script("conn().stats()");
    four.signal("g2", "STOP");
    let script = r#"
        fn told(guests) {
            let text = "";
            for g in guests { text += if g.stale == true { ` ${g.name}!` } else { ` ${g.name}` } }
            text.trim();
            text
        }
        let start = timestamp();
        print(told(conn().stats()));
        let first = start.elapsed;
        for again in 0..5 { conn().stats() }
        if first > 5.0 || start.elapsed - first > 5.0 { throw `${first} s, then ${start.elapsed} s` }
        print(told(conn().rates("200ms")));
        print(domain("g2").stats().stale);
        print(domains().len());
        print(conn().inventory().len());
        let samples = [];
        conn().watch(#{ every: "1s", count: 3 }, |sample| { samples.push(told(sample.guests)) });
        print(samples);
        if start.elapsed > 15.0 { throw `${start.elapsed} s` }
        let guest = conn().rates("200ms").find(|g| g.name == "g1");
        print(`${guest.cpu_percent > 0.0} ${guest.memory_rss > 0}`);
    "#;
    let all = "g1 g2! g3 g4";
    let expected = format!("{all}\n{all}\ntrue\n4\n4\n[\"{all}\", \"{all}\", \"{all}\"]\ntrue true\n");
    assert_eq!(four.script(script), expected);

    // With a second one the first call of a connection is held up twice.
    four.signal("g3", "STOP");
    let two = four.script("print(conn().stats().filter(|g| g.stale == true).map(|g| g.name))");
    assert_eq!(two, "[\"g2\", \"g3\"]\n");

    four.signal("g2", "CONT");
    four.signal("g3", "CONT");
    assert_eq!(four.script("print(conn().stats().filter(|g| g.stale == true).len())"), "0\n");
}

#[test]
fn rates_agree_with_a_load_of_known_size() {
    const PACKETS: u64 = 3000;
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "load").network("default").boot();
    let address = guest.wait_lease();
    let _turn = turn::alone();
    // However long a busy machine takes for the load: samples are added up until all of it is seen.
    let script = r#"
        let vm = domain("load");
        let fill = "dd if=/dev/zero of=/data/a bs=1M count=25 conv=fsync";
        let shell = `for pass in 1 2 3 4; do ${fill}; rm /data/a; done 2>/dev/null`;
        let load = ();
        let is_over = false;
        let sum = #{ written: 0.0, received: 0.0, packets: 0.0, latency: 0.0 };
        let last = timestamp();
        conn().watch(#{ every: "2s", timeout: "2m" }, |sample| {
            let guest = sample.guests[0];
            if guest.stale { return true; }
            let time = last.elapsed;
            last = timestamp();
            if load == () {
                load = vm.exec_start(["/bin/sh", "-c", shell]);
                fs::write(args[0], "");
                return true;
            }
            sum.written += guest.write_rate * time;
            sum.received += guest.rx_rate * time;
            sum.packets += guest.nics[0].rx_packets * time;
            sum.latency = max(sum.latency, guest.disks[0].write_latency ?? 0.0);
            sum.is_one_disk = guest.disks[0].write_rate == guest.write_rate;
            // What was done after this look is in the next one.
            if is_over { return false; }
            is_over = fs::exists(args[1]) && vm.exec_status(load).exited;
        });
        sum.is_over = is_over;
        print(json::to_string(sum));
    "#;
    let folder = tempfile::tempdir().unwrap();
    let (begins, is_sent) = (folder.path().join("begins"), folder.path().join("sent"));
    let virhai = Virhai::new().connect(&daemon.uri()).file("s.rhai", script).arg("s.rhai");
    let measuring = virhai.arg(&begins).arg(&is_sent).any_stdout().limit(2 * LIMIT).start();
    eventually(LIMIT, "the measurement", || begins.exists().then_some(()));
    // A few at a time: what a busy guest does not fetch soon enough is dropped before anybody counts it.
    let send = format!(
        "for n in $(seq {PACKETS}); do printf '%01000d' 0 >/dev/udp/{address}/9; ((n % 50)) || sleep 0.1; done"
    );
    daemon.exec(&["/bin/bash", "-c", &send]);
    std::fs::write(&is_sent, "").unwrap();
    let output = measuring.finish();
    let told: serde_json::Value = serde_json::from_str(output.stdout().lines().last().unwrap()).unwrap();
    assert_eq!(told["is_over"], true, "the load ends before the measurement: {told}");
    let agrees = |name: &str, size: f64| {
        let measured = told[name].as_f64().unwrap();
        assert!((0.9..1.1).contains(&(measured / size)), "{measured} measured of {size}: {told}");
    };
    agrees("written", f64::from(100 << 20));
    // 8 bytes of UDP, 20 of IP and 14 of Ethernet come to each packet.
    agrees("received", (PACKETS * 1042) as f64);
    agrees("packets", PACKETS as f64);
    assert_eq!(told["is_one_disk"], true, "one disk is all disks: {told}");
    assert!(told["latency"].as_f64().unwrap() > 0.0, "{told}");
}

/// The time of day in the first line of the view.
fn clock(screen: &str) -> Option<&str> {
    screen.lines().next()?.split_whitespace().find(|word| word.len() == 8 && word.contains(':'))
}

#[test]
fn the_live_view_marks_a_guest_that_hangs_and_goes_on_with_the_others() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let _turn = turn::alone();
    let four = Four::start();
    let virhai = Virhai::new().connect(&four.0.uri()).args(["top", "--interval", "1s", "--sort", "name"]);
    let terminal = Terminal::open(virhai, 80, 24);
    let is_told = |screen: &str, guest: &str, state: &str| {
        screen.lines().any(|line| line.split_whitespace().take(2).eq([guest, state]))
    };
    terminal.wait_until("four guests", |screen| GUESTS.iter().all(|guest| is_told(screen, guest, "running")));
    four.signal("g3", "STOP");
    within(
        terminal.wait_until("the one that hangs", |screen| is_told(screen, "g3", "stale")),
        Duration::from_secs(6),
    );
    // The others are refreshed every second.
    for _ in 0..3 {
        let before = terminal.screen();
        let next = |screen: &str| clock(screen) != clock(&before) && is_told(screen, "g1", "running");
        within(terminal.wait_until("the next refresh", next), Duration::from_secs(3));
    }
    terminal.keys(&["Enter"]);
    terminal.wait_for("vcpus 1  memory 16.0 MiB of 16.0 MiB");
    terminal.keys(&["Escape"]);
    four.signal("g3", "CONT");
    terminal.wait_until("all of them again", |screen| is_told(screen, "g3", "running"));
    terminal.keys(&["q"]);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn the_view_ends_with_its_terminal() {
    let virhai = Virhai::new().connect("test:///default").args(["top", "-i", "500ms"]);
    let terminal = Terminal::open(virhai, 80, 24);
    terminal.wait_until("the view", |screen| clock(screen).is_some());
    let pid = terminal.pid();
    drop(terminal);
    eventually(Duration::from_secs(10), "the end of the view", || (!lives(pid)).then_some(()));
}

#[test]
fn the_view_gives_the_prompt_back_and_is_told_once_without_a_terminal() {
    let prompt = "test:///default> ";
    let terminal = Terminal::open(Virhai::new().connect("test:///default"), 100, 30);
    terminal.wait_for_last_line(prompt);
    terminal.line("top(#{ interval: \"500ms\" })");
    terminal.wait_until("the view", |screen| clock(screen).is_some() && screen.contains("\ntest "));
    terminal.resize(60, 10);
    terminal.keys(&["/"]);
    terminal.text("nobody");
    terminal.wait_for("none of 1 guests fits \"nobody\"");
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line(prompt);
    terminal.line("1 + 1");
    terminal.wait_for("\n2\n");

    let once = |arguments: &[&str]| {
        let line = [&["top", "-i", "200ms"], arguments].concat();
        Virhai::new().connect("test:///default").args(line).any_stdout().run().stdout()
    };
    assert!(once(&[]).starts_with("[{\"cpu_percent\":"), "data where nobody looks");
    assert_eq!(once(&["--filter", "x*"]), "[]\n");
    let table = once(&["-o", "csv", "--filter", "ES"]);
    assert!(table.starts_with("name,state,stale,cpu_percent,memory,"), "{table}");
    assert!(table.contains("\ntest,running,false,"), "{table}");
    let refused = Virhai::new().connect("test:///default").args(["-e", "top()"]).status(1);
    refused.stderr_contains("the live view needs a person at a terminal").run();
}
