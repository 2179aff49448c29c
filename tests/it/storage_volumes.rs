//! Pools and volumes of a real storage driver: what the test driver has not.

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

const SCRIPT: &str = r#"
    // A pool from options, built, filled, and found by everything that leads to it.
    let dir = `${args[0]}/vm/images`;
    let images = conn().define_pool(#{ name: "images", type: "dir", target: dir, validate: true });
    images.build();
    images.start();
    print(pool(dir) == images);
    print(host().storage_pool_capabilities().all("pool[@type='dir']/@supported")[0]);
    print(attempt(|| conn().find_pool_sources("dir")).error.code);

    let disk = images.create_volume(#{ name: "disk.img", capacity: "8MiB" });
    disk.write(0, "secret");
    disk.write("7MiB", "more");
    print([disk.pool == images, volume(disk.path) == disk, volume(disk.key) == disk, disk.type]);

    // Copies are independent; a layer is not.
    let copy = images.clone_volume(disk, #{ name: "copy.img" });
    let qcow = images.clone_volume(disk, #{ name: "copy.qcow2", format: "qcow2", prealloc_metadata: true });
    let layer = images.create_volume(#{ name: "layer.qcow2", format: "qcow2", backing: disk });
    print([copy.read(0, 6).as_string(), qcow.xml["target/format/@type"], qcow.capacity == mib(8)]);
    print([layer.capacity == mib(8), layer.xml["backingStore/path"].text() == disk.path]);
    let reflink = attempt(|| images.clone_volume(disk, #{ name: "reflink.img", reflink: true }));
    print(reflink.ok || reflink.error.code != "usage");

    // Sizes.
    copy.resize("16MiB");
    print(copy.capacity == mib(16));
    copy.resize("1MiB", #{ delta: true, allocate: true });
    print([copy.capacity == mib(17), copy.info(#{ physical: true }).physical == mib(17)]);
    let thin = images.create_volume(#{ name: "thin.img", capacity: "16MiB", allocation: 0 });
    print(attempt(|| thin.resize("4MiB")).ok);
    thin.resize("4MiB", #{ shrink: true });
    print(thin.capacity == mib(4));
    thin.resize("1MiB", #{ delta: true, shrink: true });
    print(thin.capacity == mib(3));

    // Wiping.
    disk.wipe();
    print([disk.read(0, 6), disk.read("7MiB", 4), disk.capacity == mib(8)]);
    for way in ["nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random"] {
        let wiped = attempt(|| disk.wipe(way));
        // Without the program `scrub` there is only zeroing.
        if !wiped.ok && wiped.error.code == "usage" { print(`${way}: ${wiped.error}`) }
    }
    print(attempt(|| disk.wipe("trim")).ok);

    // What was made behind libvirt's back is seen after a refresh.
    fs::write(`${dir}/stray.img`, "stray");
    print(attempt(|| images.volume("stray.img")).ok);
    images.refresh();
    print(images.volume("stray.img").capacity);

    for v in images.volumes() { v.delete() }
    images.destroy();
    images.delete();
    print(fs::exists(dir));
    images.undefine();
"#;

#[test]
fn a_pool_and_its_volumes_from_building_to_deleting() {
    lab_or_skip!(Need::Daemon, Need::Program("qemu-img"));
    let daemon = Daemon::start();
    Virhai::new()
        .connect(&daemon.uri())
        .file("s.rhai", SCRIPT)
        .arg("s.rhai")
        .arg(daemon.dir())
        .stdout(
            "true\nyes\nunsupported\n[true, true, true, \"file\"]\n[\"secret\", \"qcow2\", true]\n[true, true]\n\
             true\ntrue\n[true, true]\nfalse\ntrue\ntrue\n[[000000000000], [00000000], true]\nfalse\nfalse\n5\nfalse\n",
        )
        .run();
}
