use super::*;
use crate::jobs::Job;

fn job(script: &str, block: &str) -> Job {
    let lines: String = block.lines().flat_map(|line| ["//! ", line, "\n"]).collect();
    let text = format!("//! Keeps 100% of \"it\".\n//!\n//! [job]\n{lines}");
    Job::read(Path::new(script), &text).unwrap()
}

fn units(job: &Job, scope: Scope) -> Vec<Unit> {
    let machine = Machine { scope, program: "/usr/bin/virhai".into(), enabled: "/nowhere".into() };
    Unit::all(job, &machine)
}

#[test]
fn a_schedule_makes_a_timer_and_none_makes_a_service_alone() {
    let night = job("/srv/night.rhai", "schedule = \"Mon..Fri 02:30\"\njitter = \"10m\"");
    let [service, timer] = units(&night, Scope::System).try_into().unwrap();
    assert_eq!((service.name.as_str(), timer.name.as_str()), ("virhai-night.service", "virhai-night.timer"));
    for line in
        ["OnCalendar=Mon..Fri 02:30", "RandomizedDelaySec=600s", "Persistent=true", "WantedBy=timers.target"]
    {
        assert!(timer.text.lines().any(|there| there == line), "{line}\n{}", timer.text);
    }
    assert_eq!(units(&job("/srv/night.rhai", ""), Scope::System).len(), 1);
}

#[test]
fn names_and_paths_mean_themselves_whatever_signs_they_have() {
    let odd =
        job("/srv/a b/100%.rhai", "name = \"a b@100%\\\"$x\"\nwrites = [\"/srv/out put\", \"/srv/50%\"]");
    let service = &units(&odd, Scope::System)[0];
    assert_eq!(service.name, "virhai-a\\x20b\\x40100\\x25\\x22\\x24x.service");
    for line in [
        "Description=virhai: Keeps 100%% of \"it\"",
        "ExecStart=/usr/bin/virhai job run \"/srv/a b/100%%.rhai\"",
        "ExecStopPost=/usr/bin/virhai job recover \"a b@100%%\\\"$$x\"",
        "ReadWritePaths=\"-/srv/out put\" -/srv/50%%",
        "RequiresMountsFor=\"/srv/out put\" /srv/50%% \"/srv/a b/100%%.rhai\"",
    ] {
        assert!(service.text.lines().any(|there| there == line), "{line}\n{}", service.text);
    }
}

#[test]
fn systemd_ends_a_run_only_after_the_job_itself_should_have() {
    let limits = |block: &str| {
        let text = units(&job("/srv/x.rhai", block), Scope::System)[0].text.clone();
        text.lines()
            .filter(|line| line.starts_with("RuntimeMaxSec=") || line.starts_with("TimeoutStopSec="))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(limits("timeout = \"45m\""), ["TimeoutStopSec=90s", "RuntimeMaxSec=2790s"]);
    assert_eq!(
        limits("timeout = \"10s\"\ngrace = 5\nretry = { count = 2, after = \"5m\" }")[1],
        "RuntimeMaxSec=705s"
    );
    assert_eq!(limits("overlap = \"wait\"\ntimeout = \"10s\"\ngrace = 5")[1], "RuntimeMaxSec=90s");
    assert_eq!(limits("")[1], "RuntimeMaxSec=infinity");
}

#[test]
fn only_sockets_that_are_enabled_are_started() {
    let enabled = tempfile::tempdir().unwrap();
    let wants = enabled.path().join("sockets.target.wants");
    std::fs::create_dir(&wants).unwrap();
    for socket in ["libvirtd.socket", "virtnetworkd-ro.socket"] {
        std::os::unix::fs::symlink("/lib/x", wants.join(socket)).unwrap();
    }
    let lines = |block: &str| {
        let machine =
            Machine { scope: Scope::System, program: "/v".into(), enabled: enabled.path().to_owned() };
        let text = Unit::all(&job("/srv/x.rhai", block), &machine)[0].text.clone();
        let of =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
        (of("After="), of("Wants="))
    };
    let (after, wants) = lines("uri = \"qemu:///system\"");
    assert!(after.contains("virtqemud.socket") && after.contains("libvirtd.socket"), "{after}");
    assert_eq!(wants, "libvirtd.socket");
    assert_eq!(lines("uri = \"test:///default\""), (String::new(), String::new()));
    let online = "network-online.target".to_owned();
    assert_eq!(lines("uri = \"qemu+ssh://root@kvm1/system\""), (online.clone(), online.clone()));
    assert_eq!(lines("hosts = \"prod\""), (online.clone(), online));
}

#[test]
fn a_job_reaches_what_it_names_and_nothing_else() {
    let text = |script: &str, block: &str| units(&job(script, block), Scope::System)[0].text.clone();
    let closed = text("/srv/x.rhai", "uri = \"qemu:///system\"");
    assert!(closed.contains("ProtectHome=yes\n") && closed.contains("CapabilityBoundingSet=\n"), "{closed}");
    assert!(!closed.contains("ReadWritePaths"));
    assert!(
        text("/srv/x.rhai", "writes = [\"/srv/r\"]").contains("CapabilityBoundingSet=CAP_DAC_OVERRIDE\n")
    );
    for (script, block) in [
        ("/home/me/x.rhai", ""),
        ("/srv/x.rhai", "hosts = \"prod\""),
        ("/srv/x.rhai", "writes = [\"/home/me\"]"),
    ] {
        assert!(text(script, block).contains("ProtectHome=read-only\n"), "{script} {block}");
    }
    assert!(text("/tmp/x/x.rhai", "").contains("BindReadOnlyPaths=/tmp/x\n"));
    let own = &units(&job("/home/me/x.rhai", ""), Scope::User)[0].text;
    assert!(
        own.contains("NoNewPrivileges=yes") && !own.contains("StateDirectory") && !own.contains("After="),
        "{own}"
    );
}

#[test]
fn secrets_are_handed_over_by_name() {
    let text = units(&job("/srv/x.rhai", "environment = [\"A\", \"B\"]\ncredentials = [\"token\", \"key:/etc/a%b\"]\non_failure = \"mail@%n.service\"\nwatchdog = \"90s\""), Scope::System)[0].text.clone();
    for line in [
        "PassEnvironment=A B",
        "LoadCredential=token",
        "LoadCredential=key:/etc/a%%b",
        "OnFailure=mail@%n.service",
        "WatchdogSec=90s",
    ] {
        assert!(text.lines().any(|there| there == line), "{line}\n{text}");
    }
}
