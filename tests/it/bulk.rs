//! Bulk reads make a constant number of calls, whatever the number of guests.

use std::collections::HashMap;
use std::sync::Arc;

use virhai::api::permissions::Permissions;
use virhai::libvirt::Door;
use virhai::output::View;
use virhai::session::{Session, Settings};

use crate::support::lab::Daemon;
use crate::support::need::Need;
use crate::support::{Node, lab_or_skip};

fn session(uri: &str, door: &Arc<Door>) -> Session {
    Session::new(Settings {
        door: door.clone(),
        permissions: Permissions::default(),
        uri: Some(uri.into()),
        args: Vec::new(),
        folder: None,
        library: None,
        view: View::default(),
        history: None,
    })
}

/// The calls that a piece of code makes on an open connection, and its value.
fn calls(session: &mut Session, door: &Door, code: &str) -> (HashMap<&'static str, u64>, i64) {
    session.eval("open", "conn().uri()").map(drop).unwrap();
    door.reset_counts();
    let value = session.eval("measured", code).unwrap().as_int().unwrap();
    (door.counts(), value)
}

#[test]
fn a_thousand_guests_of_qemu_take_as_many_calls_as_one() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let daemon = Daemon::start();
    let folder = tempfile::Builder::new().prefix("vb").tempdir().unwrap();
    let disk = folder.path().join("d.img");
    std::fs::write(&disk, vec![0_u8; 1 << 20]).unwrap();
    let door = Arc::new(Door::default());
    let mut session = session(&daemon.uri(), &door);
    let define = format!(
        "for i in 0..1000 {{ conn().define_domain(`<domain type='qemu'><name>g${{i}}</name><memory>65536</memory>
            <vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'>
            <source file='{}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`); }}",
        disk.display()
    );
    session.eval("define", &define).map(drop).unwrap();
    let code = r#"
        let all = conn().inventory(#{ fields: ["state", "memory", "disks"] });
        for g in all {
            if g.state != "shutoff" || g.memory != mib(64) { throw g }
            if g.disks[0].target != "vda" || g.disks[0].capacity != mib(1) { throw g }
        }
        all.len()
    "#;
    let (counts, guests) = calls(&mut session, &door, code);
    assert_eq!(guests, 1000);
    assert!(counts.values().sum::<u64>() <= 5, "{counts:?}");
    // A list shown at the prompt is a bulk read too.
    let (counts, rows) = calls(&mut session, &door, "json::parse(json::to_string(domains())).len()");
    assert_eq!(rows, 1000);
    assert!(counts.values().sum::<u64>() <= 5, "{counts:?}");
}

#[test]
fn states_and_names_on_the_test_driver_take_two_calls() {
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::many(200, true).write(&folder.path().join("node.xml"));
    let door = Arc::new(Door::default());
    let mut session = session(&uri, &door);
    let code = r#"conn().inventory(#{ fields: ["state"] }).len()"#;
    let (counts, guests) = calls(&mut session, &door, code);
    assert_eq!(guests, 200);
    assert!(counts.values().sum::<u64>() <= 2, "{counts:?}");
    let (counts, _) = calls(&mut session, &door, "conn().stats().len()");
    assert_eq!(counts.values().sum::<u64>(), 1, "{counts:?}");
}
