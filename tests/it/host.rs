//! The host and its connection: what only a hypervisor tells, what a driver lacks, and guests that
//! belong to something else.

use crate::support::lab::Daemon;
use crate::support::need::Need;
use crate::support::{Virhai, lab_or_skip};

/// A node with a guest of OpenStack's and one of nobody's.
const MANAGED: &str = "<node><cpu><mhz>2800</mhz><model>test</model><active>4</active><nodes>1</nodes>\
    <sockets>1</sockets><cores>4</cores><threads>1</threads></cpu><memory>8388608</memory>\
    <domain type='test'><name>instance-0000001a</name><memory>65536</memory><os><type>hvm</type></os>\
    <metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>\
    <nova:name>db-1</nova:name></nova:instance></metadata></domain>\
    <domain type='test'><name>plain</name><memory>65536</memory><os><type>hvm</type></os></domain></node>";

fn managed() -> (tempfile::TempDir, Virhai) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.xml");
    std::fs::write(&file, MANAGED).unwrap();
    let virhai = Virhai::new().connect(&format!("test://{}", file.display()));
    (folder, virhai)
}

#[test]
fn what_a_driver_lacks_names_the_driver_and_the_function() {
    Virhai::new()
        .small_node()
        .args(["-e", "domain(\"web1\").block_resize(\"vda\", \"20GiB\")"])
        .status(1)
        .stderr_contains("the test driver has no virDomainBlockResize")
        .run();
    Virhai::new()
        .small_node()
        .args(["-e", "try { host().sev_info() } catch (e) { print(e.code + \": \" + e.message) }"])
        .stdout("unsupported: the test driver has no virNodeGetSEVInfo\n")
        .run();
}

#[test]
fn a_change_to_a_guest_of_another_manager_warns_once() {
    let (_folder, virhai) = managed();
    virhai
        .args(["-e", "let vm = domain(\"instance-0000001a\"); vm.suspend(); domain(vm.uuid).resume(); domain(\"plain\").suspend()"])
        .stderr(
            "warning: instance-0000001a is managed by OpenStack Nova (metadata \
             http://openstack.org/xmlns/libvirt/nova/1.1, name instance-0000001a): change it with openstack \
             server, which does not know of changes made here\n",
        )
        .run();
    let (_folder, virhai) = managed();
    virhai
        .args(["-e", "domain(\"instance-0000001a\").edit(|doc| doc[\"title\"] = \"mine\");"])
        .stdout("true\n")
        .stderr_contains("managed by OpenStack Nova")
        .run();
    let (_folder, virhai) = managed();
    virhai.args(["-q", "-e", "domain(\"instance-0000001a\").suspend()"]).run();
    let (_folder, virhai) = managed();
    virhai
        .args(["--deny", "change", "-e", "domain(\"instance-0000001a\").suspend()"])
        .status(1)
        .stderr_contains("forbidden by --deny change")
        .run();
}

#[test]
fn lists_tell_who_manages_a_guest() {
    let (_folder, virhai) = managed();
    virhai
        .args(["-o", "csv", "--columns", "name,managed_by", "-e", "conn().inventory()"])
        .stdout("name,managed_by\ninstance-0000001a,OpenStack Nova\nplain,\n")
        .run();
    let (_folder, virhai) = managed();
    virhai
        .args([
            "-e",
            "print(domains(#{ managed: false })); print(domain(\"instance-0000001a\").managed_by.instance)",
        ])
        .stdout("[Domain(\"plain\")]\ndb-1\n")
        .run();
}

#[test]
fn the_host_of_qemu_tells_its_cpus_memory_and_capabilities() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let daemon = Daemon::start();
    let script = r#"
        fn claim(what, truth) { if !truth { throw what } }
        let h = host();
        let qemu = #{ virttype: "qemu" };
        claim("capabilities", h.capabilities()["host/cpu/arch"].text() == h.info().model);
        let guests = h.domain_capabilities(qemu);
        claim("domain capabilities", guests["domain"].text() == "qemu" && guests["path"].text().contains("qemu"));
        claim("compare", h.compare_cpu(h.capabilities()) == "identical");
        claim("compare for guests", h.compare_hypervisor_cpu(guests, qemu) != "incompatible");
        let unknown = "<cpu><arch>x86_64</arch><model>kvm64</model><feature name='amx-tile' policy='require'/></cpu>";
        claim("incompatible", h.compare_cpu(unknown) == "incompatible");
        claim("baseline", h.baseline_cpu([h.capabilities(), h.capabilities()])["model"] != ());
        claim("baseline for guests", h.baseline_hypervisor_cpu([guests], qemu)["model"] != ());
        let memory = h.memory_stats();
        claim("memory", memory.total > mib(64) && memory.free < memory.total);
        claim("memory of a node", h.memory_stats(0).total == parse_int(args[0]) * 1024);
        claim("free", h.free_memory() > 0 && h.cells_free_memory()[0].free > 0);
        claim("free pages", h.free_pages().some(|row| row.size == 4096 && row.free > 0));
        claim("pages", h.alloc_pages(#{ "2MiB": 0 }, #{ cell: 0 }) == 1);
        claim("cpus", h.cpu_map().online >= 1 && h.cpu_stats().idle_ns > 0 && h.cpu_stats(0).user_ns > 0);
        claim("security", h.security_model().model != "");
        claim("vcpus", h.max_vcpus("qemu") >= 1);
        let pages = h.memory_parameters();
        try { h.set_memory_parameters(#{ shm_pages_to_scan: pages.shm_pages_to_scan }) }
        catch (e) { claim(e.message, e.code == "system_error") }
        let guest = "<domain type='qemu'><name>x</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>";
        claim("native", conn().domain_xml_to_native("qemu-argv", guest).contains("qemu-system"));
        claim("format", attempt(|| conn().domain_xml_to_native("none", guest)).error.code == "invalid_arg");
        claim("supports", conn().supports("Domain.block_copy") && !conn().supports("virConnectDomainXMLFromNative"));
        claim("counts", conn().counts().domains.active == 0 && conn().counts().node_devices > 0);
        conn().set_identity(#{ user_name: "alice", unix_user_id: 1000 });
        claim("identity", attempt(|| domains()).ok);
        print("all")
    "#;
    let total = memory_of_first_node().to_string();
    let run = Virhai::new().connect(&daemon.uri()).file("s.rhai", script);
    run.arg("s.rhai").arg(&total).stdout("all\n").run();
}

/// What the kernel says, in KiB. It may be less than that of the host with one node only: memory can be plugged in.
fn memory_of_first_node() -> u64 {
    let of_node = std::fs::read_to_string("/sys/devices/system/node/node0/meminfo");
    let text = of_node.or_else(|_| std::fs::read_to_string("/proc/meminfo")).unwrap();
    let total = text.lines().find(|line| line.contains("MemTotal:")).unwrap();
    total.split_whitespace().rev().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_configuration_of_lxc_becomes_a_definition() {
    lab_or_skip!(Need::Daemon, Need::Lxc);
    let daemon = Daemon::start();
    let script = r#"
        let config = "lxc.utsname = web1\nlxc.rootfs = /srv/web1\nlxc.network.type = none\n";
        let doc = conn().domain_xml_from_native("lxc-tools", config);
        print(doc["name"].text());
        print(doc["devices/filesystem/source/@dir"]);
        print(attempt(|| conn().domain_xml_to_native("lxc-tools", doc)).error.message);
    "#;
    Virhai::new()
        .connect(&daemon.uri_for("lxc"))
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout("web1\n/srv/web1\nthe lxc driver has no virConnectDomainXMLToNative\n")
        .run();
}
