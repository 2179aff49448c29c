use crate::error::Result;
use crate::libvirt::{Metadata, sys};
use crate::repl::caution::tests::{WEB1, World};

const LIVE: u32 = sys::VIR_DOMAIN_AFFECT_LIVE;
const CONFIG: u32 = sys::VIR_DOMAIN_AFFECT_CONFIG;

/// Undoes the last change of the input, and returns what was shown before.
fn undo(world: &World) -> Result<String> {
    world.caution.pause();
    let plan = world.caution.memory().plan()?;
    let shown = plan.describe();
    plan.run()?;
    world.caution.memory().forget();
    Ok(shown)
}

#[test]
fn a_new_definition_is_removed_and_a_changed_one_becomes_what_it_was() {
    let world = World::new(&[]);
    let changed = |memory: &str| WEB1.replace("65536", memory);
    let guest = world.connection.define_domain(WEB1, 0).unwrap();
    let uuid = guest.key().to_string();
    let again = changed("131072").replace("<memory>", &format!("<uuid>{uuid}</uuid><memory>"));
    world.connection.define_domain(&again, 0).unwrap();
    let shown = undo(&world).unwrap();
    assert!(shown.starts_with("domain.define web1 on test:///"), "{shown}");
    assert!(shown.contains("-  <memory unit='KiB'>131072</memory>"), "{shown}");
    assert!(shown.contains("+  <memory unit='KiB'>65536</memory>"), "{shown}");
    assert_eq!(guest.max_memory().unwrap(), 64 << 20);

    world.caution.begin();
    world.connection.define_domain(&WEB1.replace("web1", "web2"), 0).unwrap();
    let shown = undo(&world).unwrap();
    assert!(shown.contains("web2") && shown.contains("its stored definition is removed"), "{shown}");
    assert_eq!(world.connection.domain_by_name("web2").err().unwrap().code(), "no_domain");
}

#[test]
fn what_was_undefined_is_defined_again_with_its_autostart() {
    let world = World::new(&["y"]);
    let guest = world.connection.define_domain(WEB1, 0).unwrap();
    guest.set_autostart(true).unwrap();
    guest.undefine(0).unwrap();
    let shown = undo(&world).unwrap();
    assert!(shown.contains("it is defined again"), "{shown}");
    let back = world.connection.domain_by_name("web1").unwrap();
    assert_eq!(back.key(), guest.key());
    assert!(back.autostart().unwrap());
}

#[test]
fn autostart_and_the_name_are_taken_back() {
    let world = World::new(&[]);
    let guest = world.connection.define_domain(WEB1, 0).unwrap();
    guest.set_autostart(true).unwrap();
    assert!(undo(&world).unwrap().contains("it does not start with the host any more"));
    assert!(!guest.autostart().unwrap());
    let network = world.connection.network_by_name("default").unwrap();
    world.caution.begin();
    network.set_autostart(true).unwrap();
    undo(&world).unwrap();
    assert!(!network.autostart().unwrap());
    world.caution.begin();
    guest.rename("web9").unwrap();
    assert!(undo(&world).unwrap().contains("web9 is named web1 again"));
    assert_eq!(guest.name().unwrap(), "web1");
}

#[test]
fn the_running_guest_gets_its_memory_and_cpus_back() {
    let world = World::new(&[]);
    let guest = world.running();
    guest.set_memory(32 << 20, LIVE).unwrap();
    let shown = undo(&world).unwrap();
    assert!(shown.contains("the memory of the running guest: 32.0 MiB → 64.0 MiB"), "{shown}");
    assert_eq!(guest.info().unwrap().memory, 64 << 20);
    world.caution.begin();
    guest.set_vcpus(2, LIVE | CONFIG).unwrap();
    let shown = undo(&world).unwrap();
    assert!(shown.contains("the virtual CPUs of the running guest: 2 → 4"), "{shown}");
    assert_eq!([guest.vcpus(LIVE).unwrap(), guest.vcpus(CONFIG).unwrap()], [4, 4]);
}

#[test]
fn titles_are_taken_back_in_the_running_guest_and_in_its_definition() {
    let world = World::new(&[]);
    let guest = world.running();
    guest.set_metadata(&Metadata::Title, Some("new"), None, LIVE | CONFIG).unwrap();
    undo(&world).unwrap();
    for flags in [LIVE, CONFIG] {
        assert_eq!(guest.metadata(&Metadata::Title, flags).unwrap(), None);
    }
}

#[test]
fn the_last_change_counts_and_some_have_no_inverse() {
    let world = World::new(&[]);
    let guest = world.connection.define_domain(WEB1, 0).unwrap();
    guest.start(0).unwrap();
    let error = undo(&world).unwrap_err();
    assert_eq!(error.to_string(), "`domain.start web1` cannot be undone");
    world.caution.begin();
    guest.set_autostart(true).unwrap();
    // A change that failed is none.
    guest.start(0).unwrap_err();
    undo(&world).unwrap();
    assert_eq!(undo(&world).unwrap_err().to_string(), "there is no change to undo");
}

#[test]
fn what_somebody_else_has_taken_back_already_is_left_alone() {
    let world = World::new(&[]);
    let guest = world.connection.define_domain(WEB1, 0).unwrap();
    guest.set_autostart(true).unwrap();
    world.caution.pause();
    guest.set_autostart(false).unwrap();
    let error = undo(&world).unwrap_err();
    assert!(error.to_string().contains("is as it was before `domain.set_autostart`"), "{error}");
}
