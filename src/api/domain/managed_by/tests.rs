use proptest::prelude::*;

use super::detect::{ManagedBy, managed_by};
use super::managers::{MANAGERS, Mark};
use crate::libvirt::FirstChange;

/// A guest of each manager, in the parts of its definition that matter, and what is found.
const SAMPLES: &[(&str, &str, &str, &str)] = &[
    (
        "OpenStack Nova",
        "db-1",
        "<name>instance-0000001a</name>",
        "<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>\
         <nova:package version='27.1.0'/><nova:name>db-1</nova:name></nova:instance></metadata>",
    ),
    (
        "OpenStack Nova",
        "vm7",
        "<name>vm7</name>",
        "<sysinfo type='smbios'><system><entry name='manufacturer'>RDO</entry>\
         <entry name='product'>OpenStack Compute</entry></system></sysinfo>",
    ),
    ("OpenStack Nova", "instance-00000abc", "<name>instance-00000abc</name>", ""),
    (
        "oVirt",
        "mail",
        "<name>mail</name>",
        "<metadata xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:vm>\
         <ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion></ovirt-vm:vm></metadata>",
    ),
    (
        "oVirt",
        "old",
        "<name>old</name>",
        "<sysinfo type='smbios'><system><entry name='manufacturer'>Red Hat</entry>\
         <entry name='product'>RHEV Hypervisor</entry></system></sysinfo>",
    ),
    ("oVirt hosted engine", "HostedEngine", "<name>HostedEngine</name>", ""),
    (
        "KubeVirt",
        "prod/web_1",
        "<name>prod_web_1</name>",
        "<metadata><kubevirt xmlns='http://kubevirt.io'><uid>e5f45977</uid></kubevirt></metadata>",
    ),
    (
        "Eucalyptus",
        "i-2A6F4E11",
        "<name>i-2A6F4E11</name>",
        "<description>Eucalyptus instance i-2A6F4E11</description>",
    ),
    (
        "Apache CloudStack",
        "i-2-34-VM",
        "<name>i-2-34-VM</name>",
        "<sysinfo type='smbios'><system><entry name='manufacturer'>Apache Software Foundation</entry>\
         <entry name='product'>CloudStack KVM Hypervisor</entry></system></sysinfo>",
    ),
    ("Apache CloudStack", "r-4-VM", "<name>r-4-VM</name>", ""),
    (
        "OpenNebula",
        "42",
        "<name>one-42</name>",
        "<metadata><one:vm xmlns:one='http://opennebula.org/xmlns/libvirt/1.0'>\
         <one:name>web</one:name></one:vm></metadata>",
    ),
    (
        "Vagrant",
        "/home/ann/lab/Vagrantfile",
        "<name>lab_default</name>",
        "<description>Source: /home/ann/lab/Vagrantfile</description>",
    ),
    (
        "Terraform",
        "node1",
        "<name>node1</name>",
        "<metadata><tf:user_data xmlns:tf='http://github.com/dmacvicar/terraform-provider-libvirt/'/></metadata>",
    ),
    ("Terraform", "node2", "<name>node2</name>", "<description>Managed by Terraform</description>"),
    (
        "minikube",
        "minikube",
        "<name>minikube</name>",
        "<devices><disk type='file'><source file='/home/ann/.minikube/machines/minikube/boot2docker.iso'/></disk></devices>",
    ),
    (
        "CRC (OpenShift Local)",
        "crc",
        "<name>crc</name>",
        "<devices><disk type='file'><source file='/home/ann/.crc/machines/crc/crc.qcow2'/></disk></devices>",
    ),
    (
        "kcli",
        "tiny",
        "<name>tiny</name>",
        "<metadata><kvirt:info xmlns:kvirt='kvirt'><kvirt:plan>lab</kvirt:plan></kvirt:info></metadata>",
    ),
    (
        "ironcore libvirt-provider",
        "machine-hd1",
        "<name>9f8b</name>",
        "<metadata><p:metadata xmlns:p='https://github.com/ironcore-dev/libvirt-provider'>\
         <p:name>machine-hd1</p:name></p:metadata></metadata>",
    ),
    (
        "Kimchi",
        "k1",
        "<name>k1</name>",
        "<metadata><kimchi:kimchi xmlns:kimchi='https://github.com/kimchi-project/kimchi'/></metadata>",
    ),
    (
        "GNOME Boxes",
        "win11",
        "<name>win11</name>",
        "<metadata><boxes:gnome-boxes xmlns:boxes='https://wiki.gnome.org/Apps/Boxes'>\
         <os-state>installed</os-state></boxes:gnome-boxes></metadata>",
    ),
    (
        "Cockpit",
        "c1",
        "<name>c1</name>",
        "<metadata><cockpit_machines:data \
         xmlns:cockpit_machines='https://github.com/cockpit-project/cockpit/tree/master/pkg/machines'/></metadata>",
    ),
];

/// What creators leave in most definitions.
const LIBOSINFO: &str = "<libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>\
     <libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo>";

fn found(parts: &str) -> Option<ManagedBy> {
    managed_by(&format!("<domain type='kvm'>{parts}</domain>")).unwrap()
}

#[test]
fn each_manager_has_a_sample_that_is_known_as_its_own() {
    for (manager, instance, name, rest) in SAMPLES {
        let found = found(&format!("{name}{rest}")).unwrap_or_else(|| panic!("{manager}: {name}{rest}"));
        assert_eq!((found.manager, found.instance.as_str()), (*manager, *instance), "{found:?}");
        assert!(!found.evidence.is_empty() && !found.tool.is_empty(), "{found:?}");
    }
    for manager in MANAGERS {
        assert!(SAMPLES.iter().any(|sample| sample.0 == manager.name), "{} has no sample", manager.name);
    }
}

#[test]
fn evidence_names_every_mark() {
    let nova = found(
        "<name>instance-0000001a</name><metadata>\
         <n:instance xmlns:n='http://openstack.org/xmlns/libvirt/nova/1.0'/></metadata>",
    );
    assert_eq!(
        nova.unwrap().evidence,
        "metadata http://openstack.org/xmlns/libvirt/nova/1.0, name instance-0000001a"
    );
}

#[test]
fn the_mark_that_tells_most_decides() {
    // A guest of KubeVirt may have any name, such as one that OpenNebula would give.
    let parts = "<name>one-1</name><metadata><kubevirt xmlns='http://kubevirt.io'/></metadata>";
    assert_eq!(found(parts).unwrap().manager, "KubeVirt");
}

#[test]
fn names_that_only_resemble_a_pattern_are_nobodys() {
    for name in ["instance-1", "instance-0000001g", "one-", "one-1a", "i-2-VM", "i-12345678-x", "web1", ""] {
        assert_eq!(found(&format!("<name>{name}</name>")), None, "{name}");
    }
}

#[test]
fn creators_manage_nothing() {
    assert_eq!(found(&format!("<name>web1</name><metadata>{LIBOSINFO}</metadata>")), None);
}

#[test]
fn a_warning_names_the_guest_the_manager_and_the_tool() {
    let definition = "<domain><name>one-42</name></domain>";
    let change = FirstChange { object: "one-42", host: "qemu:///system", definition };
    assert_eq!(
        super::warning(&change).unwrap(),
        "one-42 is managed by OpenNebula (name one-42): change it with onevm, which does not know of changes made here"
    );
    let unmanaged = FirstChange { definition: "<domain><name>web1</name></domain>", ..change };
    assert_eq!(super::warning(&unmanaged), None);
    let broken = FirstChange { definition: "<domain", ..change };
    assert_eq!(super::warning(&broken), None);
}

proptest! {
    /// Whatever else a definition has, a manager's mark in its metadata is found.
    #[test]
    fn a_namespace_is_found_under_any_prefix_and_beside_anything(
        prefix in "[a-w][a-z0-9_-]{0,8}",
        name in "[a-z]{1,8}",
        before in any::<bool>(),
        outside in any::<bool>(),
        which in 0..MANAGERS.len(),
    ) {
        let manager = &MANAGERS[which];
        let namespace = manager.marks.iter().find_map(|mark| match mark {
            Mark::Metadata(namespace) => Some(*namespace),
            _ => None,
        });
        if let Some(namespace) = namespace {
            let declaration = format!("xmlns:{prefix}='{namespace}'");
            let (around, own) = if outside { (declaration.as_str(), "") } else { ("", declaration.as_str()) };
            let element = format!("<{prefix}:x {own}/>");
            let both = if before { format!("{element}{LIBOSINFO}") } else { format!("{LIBOSINFO}{element}") };
            let found = found(&format!("<name>{name}</name><metadata {around}>{both}</metadata>"));
            prop_assert_eq!(found.map(|found| found.manager), Some(manager.name));
        }
    }

    /// No text in a definition makes it fail or belong to somebody by accident.
    #[test]
    fn ordinary_definitions_are_nobodys(
        name in "[a-hj-nq-z][a-z0-9_.]{0,20}",
        description in "[ -~&&[^<&]]{0,40}",
        disk in "/[a-z/]{0,30}[.]qcow2",
    ) {
        let parts = format!(
            "<name>{name}</name><description>x{description}</description>\
             <devices><disk><source file='{disk}'/></disk></devices>"
        );
        prop_assert_eq!(found(&parts), None);
    }
}
