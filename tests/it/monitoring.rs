//! What guests do, measured: against a load of known size, and beside a guest that hangs.

use std::time::{Duration, Instant};

use crate::support::process::send_signal;
use crate::support::{Daemon, Guest, Need, Virhai, eventually, lab_or_skip, turn};

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
    let script = r#"
        let vm = domain("load");
        let fill = "dd if=/dev/zero of=/data/a bs=1M count=25 conv=fsync";
        let shell = `for pass in 1 2 3 4; do ${fill}; rm /data/a; done 2>/dev/null`;
        let load = vm.exec_start(["/bin/sh", "-c", shell]);
        fs::write(args[0], "");
        let start = timestamp();
        let rates = vm.rates("20s");
        let time = start.elapsed;
        let done = vm.exec_status(load);
        print(json::to_string(#{ done: done.exited, time: time, written: rates.write_rate, disk: rates.disks[0],
            received: rates.rx_rate, packets: rates.nics[0].rx_packets }));
    "#;
    let folder = tempfile::tempdir().unwrap();
    let begins = folder.path().join("begins");
    let virhai = Virhai::new().connect(&daemon.uri()).file("s.rhai", script).arg("s.rhai").arg(&begins);
    let measuring = virhai.any_stdout().limit(LIMIT).start();
    eventually(LIMIT, "the measurement", || begins.exists().then_some(()));
    // A look at the counters before any of it was sent.
    std::thread::sleep(Duration::from_secs(1));
    let begun = Instant::now();
    let send = format!("for n in $(seq {PACKETS}); do printf '%01000d' 0 >/dev/udp/{address}/9; done");
    daemon.exec(&["/bin/bash", "-c", &send]);
    assert!(begun.elapsed() < Duration::from_secs(18), "the load is over before the measurement");
    let output = measuring.finish();
    let told: serde_json::Value = serde_json::from_str(output.stdout().lines().last().unwrap()).unwrap();
    let number = |name: &str| told[name].as_f64().unwrap();
    assert_eq!(told["done"], true, "{told}");
    let agrees = |rate: f64, size: f64| {
        let measured = rate * number("time");
        assert!((0.9..1.1).contains(&(measured / size)), "{measured} measured of {size}: {told}");
    };
    agrees(number("written"), (100 << 20) as f64);
    // 8 bytes of UDP, 20 of IP and 14 of Ethernet come to each packet.
    agrees(number("received"), (PACKETS * 1042) as f64);
    agrees(number("packets"), PACKETS as f64);
    assert_eq!(told["disk"]["write_rate"], told["written"], "one disk is all disks");
    assert!(told["disk"]["write_latency"].as_f64().unwrap() > 0.0);
}
