//! Which commands only read, with calls that give data, and which do not.
//!
//! A line is a call. In calls and set-ups `FILES` is the folder of the conformance cases' files, `DAEMON` that of the daemon and `GUEST`
//! the guest in it.

/// What makes the test driver's node ready for [`ON_TEST_DRIVER`].
pub(super) const TEST_DRIVER_SETUP: &str = r#"
    for name in ["s1", "s2"] { virsh::snapshot_create_as(#{ domain: "test", name: name }) }
    virsh::metadata(#{ domain: "test", uri: "http://example.org/app", key: "app", set: "<a>me</a>" });
    virsh::desc(#{ domain: "test", new_desc: ["web server"] });
    virsh::create(#{ file: "FILES/domain-display.xml" });
    virsh::iothreadadd(#{ domain: "test", id: 1 });
"#;

/// Calls that the test driver can answer.
pub(super) const ON_TEST_DRIVER: &str = r#"
    blkdeviotune(#{ domain: "test", device: "vda" })
    blkiotune(#{ domain: "test" })
    capabilities()
    cpu_baseline(#{ file: "FILES/host-cpus.xml" })
    cpu_models(#{ arch: "x86_64" })
    cpu_stats(#{ domain: "test" })
    desc(#{ domain: "test" })
    domblkinfo(#{ domain: "test", device: "vda" })
    domblklist(#{ domain: "test" })
    domblkerror(#{ domain: "test" })
    domblkstat(#{ domain: "test", device: "vda" })
    domcontrol(#{ domain: "test" })
    domdisplay(#{ domain: "display" })
    domfsinfo(#{ domain: "test" })
    domhostname(#{ domain: "test" })
    domid(#{ domain: "test" })
    domif_getlink(#{ domain: "test", interface: "testnet0" })
    domifaddr(#{ domain: "test" })
    domiflist(#{ domain: "test" })
    domifstat(#{ domain: "test", interface: "testnet0" })
    domiftune(#{ domain: "test", interface: "testnet0" })
    dominfo(#{ domain: "test" })
    dommemstat(#{ domain: "test" })
    domname(#{ domain: "1" })
    domstate(#{ domain: "test" })
    domstats()
    domtime(#{ domain: "test" })
    domuuid(#{ domain: "test" })
    dumpxml(#{ domain: "test" })
    echo(#{ string: ["a", "b"] })
    emulatorpin(#{ domain: "test" })
    event(#{ list: true })
    find_storage_pool_sources(#{ type: "logical" })
    find_storage_pool_sources_as(#{ type: "logical" })
    help(#{ command: "domid" })
    hostname()
    iface_dumpxml(#{ interface: "eth1" })
    iface_list(#{ all: true })
    iface_mac(#{ interface: "eth1" })
    iface_name(#{ interface: "aa:bb:cc:dd:ee:ff" })
    iothreadinfo(#{ domain: "test" })
    list(#{ all: true })
    maxvcpus()
    memtune(#{ domain: "test" })
    metadata(#{ domain: "test", uri: "http://example.org/app" })
    net_dumpxml(#{ network: "default" })
    net_event(#{ list: true })
    net_info(#{ network: "default" })
    net_list(#{ all: true })
    net_name(#{ network: "dd8fe884-6c02-601e-7551-cca97df1c5df" })
    net_uuid(#{ network: "default" })
    nodecpumap()
    nodecpustats()
    nodedev_dumpxml(#{ device: "computer" })
    nodedev_event(#{ list: true })
    nodeinfo()
    numatune(#{ domain: "test" })
    perf(#{ domain: "test" })
    pool_dumpxml(#{ pool: "default-pool" })
    pool_event(#{ list: true })
    pool_info(#{ pool: "default-pool" })
    pool_list(#{ all: true })
    pool_name(#{ pool: "dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566" })
    pool_uuid(#{ pool: "default-pool" })
    pwd()
    schedinfo(#{ domain: "test" })
    screenshot(#{ domain: "test", file: "picture.png" })
    secret_event(#{ list: true })
    snapshot_current(#{ domain: "test" })
    snapshot_dumpxml(#{ domain: "test", snapshotname: "s1" })
    snapshot_info(#{ domain: "test", snapshotname: "s2" })
    snapshot_list(#{ domain: "test" })
    snapshot_parent(#{ domain: "test", snapshotname: "s2" })
    sysinfo()
    uri()
    vcpucount(#{ domain: "test" })
    vcpuinfo(#{ domain: "test" })
    vcpupin(#{ domain: "test" })
    version()
    vol_dumpxml(#{ vol: "disk1", pool: "default-pool" })
    vol_info(#{ vol: "disk1", pool: "default-pool" })
    vol_key(#{ vol: "disk1", pool: "default-pool" })
    vol_list(#{ pool: "default-pool" })
    vol_name(#{ vol: "/default-pool/disk1" })
    vol_path(#{ vol: "disk1", pool: "default-pool" })
    vol_pool(#{ vol: "/default-pool/disk1" })
"#;

/// What makes a private daemon ready for [`IN_DAEMON`]; a guest with an agent runs in it already.
pub(super) const DAEMON_SETUP: &str = r#"
    fn start(name) {
        let text = fs::read("FILES/blocks-guest.xml");
        text.replace("LAB", `DAEMON/${name}`);
        let guest = xml(text);
        guest["name"] = name;
        guest.remove("uuid");
        os::run(["mkdir", `DAEMON/${name}`]);
        os::run(["qemu-img", "create", "-q", "-f", "qcow2", `DAEMON/${name}/disk.qcow2`, "2M"]);
        conn().define_domain(guest);
        virsh::start(#{ domain: name });
    }
    virsh::net_define(#{ file: "FILES/network-lan.xml" });
    virsh::net_start(#{ network: "lan" });
    fs::write("DAEMON/lib/dnsmasq/virbr9.status", json::to_string([#{
        "ip-address": "10.9.0.7", "mac-address": "52:54:00:00:00:07", hostname: "web1", "expiry-time": 4000000000
    }]));
    virsh::net_port_create(#{ network: "lan", file: "FILES/network-port.xml" });
    virsh::nwfilter_binding_create(#{ file: "FILES/filter-binding.xml" });
    virsh::secret_define(#{ file: "FILES/secret-unused.xml" });
    virsh::secret_set_value(#{ secret: "bbbbbbbb-0000-4000-8000-000000000002", base64: "aHVudGVyMg==" });
    virsh::checkpoint_create_as(#{ domain: "GUEST", name: "c1" });
    virsh::checkpoint_create_as(#{ domain: "GUEST", name: "c2" });
    virsh::set_user_sshkeys(#{ domain: "GUEST", user: "root", file: "FILES/blocks-keys.txt" });
    start("blocks");
    virsh::save(#{ domain: "blocks", file: "DAEMON/blocks.save" });
    virsh::start(#{ domain: "blocks" });
    virsh::managedsave(#{ domain: "blocks" });
    start("busy");
    virsh::blockcopy(#{ domain: "busy", path: "vda", dest: "DAEMON/copy.qcow2", transient_job: true });
    let server = "<server transport='unix' socket='DAEMON/backup.sock'/>";
    fs::write("DAEMON/backup.xml", `<domainbackup mode='pull'>${server}</domainbackup>`);
    virsh::backup_begin(#{ domain: "GUEST", backupxml: "DAEMON/backup.xml" });
"#;

/// Calls that need QEMU, the agent of a guest, or a daemon.
pub(super) const IN_DAEMON: &str = r#"
    backup_dumpxml(#{ domain: "GUEST" })
    blockjob(#{ domain: "busy", path: "vda" })
    checkpoint_dumpxml(#{ domain: "GUEST", checkpointname: "c1" })
    checkpoint_info(#{ domain: "GUEST", checkpointname: "c2" })
    checkpoint_list(#{ domain: "GUEST" })
    checkpoint_parent(#{ domain: "GUEST", checkpointname: "c2" })
    cpu_compare(#{ file: "FILES/host-cpus.xml" })
    domblkinfo(#{ domain: "GUEST", all: true })
    domblkstat(#{ domain: "GUEST", device: "vda" })
    domcapabilities(#{ virttype: "qemu" })
    domfsinfo(#{ domain: "GUEST" })
    domjobinfo(#{ domain: "GUEST" })
    dommemstat(#{ domain: "GUEST" })
    domstats()
    domtime(#{ domain: "GUEST" })
    domxml_to_native(#{ format: "qemu-argv", domain: "GUEST" })
    freecell(#{ all: true })
    freepages(#{ all: true })
    get_user_sshkeys(#{ domain: "GUEST", user: "root" })
    guestinfo(#{ domain: "GUEST" })
    guestvcpus(#{ domain: "GUEST" })
    hypervisor_cpu_baseline(#{ file: "FILES/host-cpus.xml", virttype: "qemu" })
    hypervisor_cpu_compare(#{ file: "FILES/host-cpus.xml", virttype: "qemu" })
    list(#{ all: true })
    managedsave_dumpxml(#{ domain: "blocks" })
    migrate_compcache(#{ domain: "GUEST" })
    migrate_getmaxdowntime(#{ domain: "GUEST" })
    migrate_getspeed(#{ domain: "GUEST" })
    net_dhcp_leases(#{ network: "lan" })
    net_port_dumpxml(#{ network: "lan", port: "5d744f21-ba4a-4d6e-bdb2-30a35ff3207d" })
    net_port_list(#{ network: "lan" })
    node_memory_tune()
    nodedev_info(#{ device: "computer" })
    nodedev_list()
    nodememstats()
    nwfilter_binding_dumpxml(#{ binding: "tap9" })
    nwfilter_binding_list()
    nwfilter_dumpxml(#{ nwfilter: "clean-traffic" })
    nwfilter_list()
    pool_capabilities()
    qemu_agent_command(#{ domain: "GUEST", cmd: [`{"execute":"guest-ping"}`] })
    qemu_monitor_command(#{ domain: "GUEST", cmd: [`{"execute":"query-status"}`] })
    save_image_dumpxml(#{ file: "DAEMON/blocks.save" })
    secret_dumpxml(#{ secret: "bbbbbbbb-0000-4000-8000-000000000002" })
    secret_get_value(#{ secret: "bbbbbbbb-0000-4000-8000-000000000002" })
    secret_list()
    ttyconsole(#{ domain: "GUEST" })
    vncdisplay(#{ domain: "GUEST" })
"#;

/// Calls that need the driver for containers.
pub(super) const IN_LXC: &str = r#"
    domxml_from_native(#{ format: "lxc-tools", config: "FILES/domain-lxc.conf" })
"#;

/// Commands that only read and that no test can call, and why.
pub(super) const OUT_OF_REACH: &[(&str, &str)] = &[
    ("domlaunchsecinfo", "only a guest with launch security has some, and no host of the tests can run one"),
    ("nodesevinfo", "no host of the tests has AMD SEV"),
    ("qemu-monitor-event", "it waits for what somebody else does; the conformance cases see to that"),
];

/// Commands that are there to change something, to copy files, or to move around in the shell.
pub(super) const CHANGES: &str = "
    attach-device attach-disk attach-interface autostart blockcommit blockcopy blockpull blockresize
    change-media console create define destroy detach-device detach-device-alias detach-disk
    detach-interface domdirtyrate-calc domfsfreeze domfsthaw domfstrim domif-setlink domjobabort
    domsetlaunchsecstate domrename dompmsuspend dompmwakeup dump edit inject-nmi iothreadpin iothreadadd
    iothreadset iothreaddel send-key send-process-signal lxc-enter-namespace managedsave managedsave-remove
    managedsave-edit managedsave-define migrate migrate-setmaxdowntime migrate-setspeed migrate-postcopy
    qemu-attach guest-agent-timeout reboot reset restore resume save save-image-define save-image-edit
    set-lifecycle-action set-user-sshkeys set-user-password setmaxmem setmem setvcpus shutdown start suspend
    undefine update-device update-memory-device setvcpu domblkthreshold dom-fd-associate
    allocpages nodesuspend
    checkpoint-create checkpoint-create-as checkpoint-delete checkpoint-edit
    iface-begin iface-bridge iface-commit iface-define iface-destroy iface-edit iface-rollback iface-start
    iface-unbridge iface-undefine
    nwfilter-define nwfilter-edit nwfilter-undefine nwfilter-binding-create nwfilter-binding-delete
    net-autostart net-create net-define net-destroy net-edit net-start net-undefine net-update
    net-port-create net-port-delete
    nodedev-create nodedev-destroy nodedev-detach nodedev-reattach nodedev-reset nodedev-define
    nodedev-undefine nodedev-start nodedev-autostart
    secret-define secret-set-value secret-undefine
    snapshot-create snapshot-create-as snapshot-delete snapshot-edit snapshot-revert
    backup-begin
    pool-autostart pool-build pool-create-as pool-create pool-define-as pool-define pool-delete pool-destroy
    pool-edit pool-refresh pool-start pool-undefine
    vol-clone vol-create-as vol-create vol-create-from vol-delete vol-download vol-resize vol-upload
    vol-wipe
    cd exit quit connect
";
