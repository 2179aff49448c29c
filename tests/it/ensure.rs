//! `ensure`: a second call changes nothing, a check changes nothing, and what is not asked for stays.

use crate::support::{Daemon, Need, Virhai, lab_or_skip, soak};

fn eval(code: &str) -> Virhai {
    Virhai::new().small_node().args(["-e", &format!("import \"ensure\" as ensure;\n{code}")])
}

/// Every combination of things that a definition may ask for: told, then done, then nothing.
const COMBINATIONS: &str = r#"
    let parts = [
        ["<title>A &amp; B</title>", ""], ["<memory unit='GB'>1</memory>", ""], ["<vcpu>3</vcpu>", ""],
        ["<os><type>hvm</type><boot dev='network'/><boot dev='hd'/></os>", ""], ["<features><acpi/></features>", ""],
        ["", "<disk type='file' device='disk'><source file='/img/more.img'/><target dev='vdb' bus='virtio'/></disk>"],
        ["", "<interface type='network'><source network='isolated'/></interface>"],
        ["<metadata><a:owner xmlns:a='urn:a'>me</a:owner></metadata>", ""],
    ];
    let faults = [];
    for mask in range(0, 256, parse_int(args[0])) {
        let texts = ["", ""];
        for place in 0..parts.len() {
            if ((mask >> place) & 1) == 1 { for half in 0..2 { texts[half] += parts[place][half] } }
        }
        // Every third time it is a guest that is there before, with a disk and a card of its own.
        let there = mask % 3 == 0;
        let name = if there { "old" } else { `new${mask}` };
        let needed = if there || texts[0].contains("<os>") { "" } else { "<os><type>hvm</type></os>" };
        if !there && !texts[0].contains("<memory") { needed += "<memory>65536</memory>" }
        let wanted = `<domain type="test"><name>${name}</name>${needed}${texts[0]}<devices>${texts[1]}</devices></domain>`;
        let before = if there { domain("old").xml.to_string() } else { () };
        let told = ensure::domain(wanted, #{ check: true });
        let unchanged = if there { domain("old").xml.to_string() == before } else { domains(#{ name: name }).is_empty() };
        let first = ensure::domain(wanted);
        let again = ensure::domain(wanted);
        let left = ensure::domain(wanted, #{ check: true });
        let good = unchanged && told.changed == first.changed && told.action == first.action && !again.changed && again.diff == ""
            && !left.changed && first.ignored.is_empty() && (first.diff == "") == !first.changed;
        if !good { faults.push([mask, told.changed, first.changed, first.ignored, again.diff, left.diff]) }
        if !there { domain(name).undefine() }
    }
    print(faults);
    print(domain("old").xml.all("devices/interface").len());
"#;

#[test]
fn any_combination_is_told_then_done_and_then_nothing_is_left_to_do() {
    let step = if soak() { "1" } else { "5" };
    eval(COMBINATIONS).arg(step).stdout("[]\n1\n").run();
}

#[test]
fn what_is_not_asked_for_stays_as_it_is() {
    eval(
        r#"
        let done = ensure::domain(`<domain><name>web1</name><devices><disk type="file"><source file="/img/b.img"/>
            <target dev="vdb" bus="virtio"/></disk></devices></domain>`);
        print(done.changes.map(|change| `${change.kind} ${change.path}`));
        print([done.action, done.pending, done.kind, done.name]);
        // Memory that was all of what the guest may have goes along; a card of the same address is the same in any letters.
        let more = ensure::domain(`<domain><name>old</name><memory unit="MiB">4096</memory><devices><interface type="network">
            <mac address="52:54:00:00:00:05"/><source network="isolated"/></interface></devices></domain>`);
        print([domain("old").memory == gib(4), domain("old").xml["devices/interface/source/@network"]]);
        "#,
    )
    .stdout("[\"added devices/disk[target/@dev='vdb']\"]\n[\"changed\", true, \"domain\", \"web1\"]\n[true, \"isolated\"]\n")
    .run();
}

#[test]
fn networks_pools_and_volumes_come_to_be_once() {
    eval(
        r#"
        let lab = `<network><name>lab</name><bridge name="virbr7"/><ip address="10.7.0.1" netmask="255.255.255.0"/></network>`;
        let calls = [
            || ensure::network(lab, #{ active: true, autostart: true }),
            || ensure::pool(`<pool type="dir"><name>more</name><target><path>/srv/more</path></target></pool>`, #{ active: true }),
            || ensure::volume("more", #{ name: "a.img", capacity: "1MiB" }),
            || ensure::volume(pool("default"), #{ name: "web1.qcow2", format: "qcow2", capacity: "1GiB" }),
        ];
        for made in calls { print([made.call().action, made.call().action]) }
        print([network("lab").active, network("lab").autostart, pool("more").active, volume("more", "a.img").capacity]);
        print(ensure::volume("more", #{ name: "b.img", capacity: "2MiB", check: true }).diff);
        print(pool("more").volumes().len());
        "#,
    )
    .stdout(
        "[\"created\", \"none\"]\n[\"created\", \"none\"]\n[\"created\", \"none\"]\n[\"none\", \"none\"]\n\
         [true, true, true, 1048576]\n+ more/b.img, 2.0 MiB\n1\n",
    )
    .run();
}

#[test]
fn guests_run_or_stop_whatever_they_did_before() {
    eval(
        r#"
        for name in ["web1", "cache", "old"] {
            let states = [domain(name).state];
            let told = ensure::running(name, #{ check: true });
            states.push(domain(name).state);
            let first = ensure::running(name);
            let told_right = told.changed == first.changed && told.diff == first.diff;
            states += [first.changed, ensure::running(name).changed, domain(name).state, told_right];
            states += [ensure::stopped(domain(name)).diff, ensure::stopped(name).changed];
            print(states);
        }
        print([ensure::autostart("web1", true).diff, ensure::autostart("web1", true).changed, domain("web1").autostart]);
        print([ensure::stopped(network("default")).diff, ensure::running(pool("default")).changed]);
        "#,
    )
    .stdout(
        "[\"running\", \"running\", false, false, \"running\", true, \"state: running -> shutoff\", false]\n\
         [\"paused\", \"paused\", true, false, \"running\", true, \"state: running -> shutoff\", false]\n\
         [\"shutoff\", \"shutoff\", true, false, \"running\", true, \"state: running -> shutoff\", false]\n\
         [\"autostart: false -> true\", false, true]\n[\"state: active -> inactive\", false]\n",
    )
    .run();
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_changed() {
    let cases = [
        ("ensure::domain(`<domain><memory>1</memory></domain>`)", "names no domain"),
        ("ensure::domain(`<network><name>a</name></network>`)", "an element <domain>, not <network>"),
        ("ensure::domain(7)", "not i64"),
        ("ensure::domain(`<domain><name>web1</name></domain>`, #{ chek: true })", "did you mean"),
        (
            "ensure::domain(`<domain><name>web1</name><uuid>11111111-0000-4000-8000-000000000001</uuid></domain>`)",
            "has the UUID",
        ),
        (
            "ensure::volume(\"default\", #{ name: \"web1.qcow2\", capacity: \"1MiB\" })",
            "is never made smaller",
        ),
        ("ensure::volume(\"default\", #{ name: \"web1.qcow2\", format: \"raw\" })", "is qcow2, not raw"),
        ("ensure::volume(\"default\", #{ name: \"new.img\" })", "how large it is"),
        ("ensure::volume(\"defualt\", #{ name: \"new.img\" })", "did you mean"),
        ("ensure::running(\"wbe1\")", "did you mean"),
    ];
    let code: Vec<String> = cases
        .iter()
        .map(|(call, _)| {
            format!("try {{ {call}; print(`done`) }} catch (e) {{ print(`${{e.message}} | ${{e.hint}}`) }}\n")
        })
        .collect();
    let run = eval(&code.concat()).any_stdout().run();
    let lines: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), cases.len(), "{lines:?}");
    for ((call, why), line) in cases.iter().zip(&lines) {
        assert!(line.contains(why), "{call}: {line}");
    }
    // Two cards, and the one that is asked for says not which.
    eval(
        r#"
        let card = "<interface type='network'><mac address='52:54:00:aa:00:01'/><source network='default'/></interface>";
        ensure::domain(`<domain><name>web1</name><devices>${card}</devices></domain>`);
        let before = domain("web1").xml_desc(#{ inactive: true }).to_string();
        let other = `<domain><name>web1</name><devices><interface type="network"><source network="isolated"/></interface></devices></domain>`;
        print(attempt(|| ensure::domain(other)).error.message);
        print(domain("web1").xml_desc(#{ inactive: true }).to_string() == before);
        "#,
    )
    .stdout("2 interface elements of devices could be meant\ntrue\n")
    .run();
}

/// What QEMU's driver fills in (machine, controllers, addresses) never counts, and a password is not lost.
const REAL: &str = r#"
    import "ensure" as ensure;
    let wanted = `<domain type="qemu"><name>en-web</name><memory unit="MiB">32</memory><vcpu>1</vcpu>
        <os><type arch="x86_64" machine="q35">hvm</type></os><features><acpi/></features><devices>
        <graphics type="vnc" autoport="yes" passwd="secret"/><interface type="user"><model type="virtio"/></interface>
        </devices></domain>`;
    print([ensure::domain(wanted).action, ensure::domain(wanted).action]);
    let vm = domain("en-web");
    let more = `<domain><name>en-web</name><title>web</title><devices><disk type="file" device="cdrom">
        <target dev="sda" bus="sata"/></disk></devices></domain>`;
    print([ensure::domain(more, #{ active: true }).changed, ensure::domain(more, #{ active: true }).changed, vm.state]);
    print(vm.xml_desc(#{ inactive: true, secure: true })["devices/graphics/@passwd"]);
    let later = ensure::domain(`<domain><name>en-web</name><vcpu>2</vcpu></domain>`);
    print([later.pending, vm.vcpus]);
    print(ensure::stopped(vm, #{ timeout: 0, force: true }).diff);
    let dir = `${args[0]}/vm/en`;
    fs::mkdir(dir);
    ensure::pool(`<pool type="dir"><name>en</name><target><path>${dir}</path></target></pool>`, #{ active: true });
    let sizes = ["1MiB", "1MiB", "2MiB", "2MiB"];
    print(sizes.map(|size| ensure::volume("en", #{ name: "v.qcow2", format: "qcow2", capacity: size }).action));
    print(volume("en", "v.qcow2").capacity == mib(2));
"#;

#[test]
fn real_definitions_hold_what_is_asked_for() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    Virhai::new()
        .connect(&daemon.uri())
        .args(["-e", REAL])
        .arg(daemon.dir())
        .stdout(
            "[\"created\", \"none\"]\n[true, false, \"running\"]\nsecret\n[true, 1]\nstate: running -> shutoff\n\
             [\"created\", \"none\", \"changed\", \"none\"]\ntrue\n",
        )
        .run();
}
