//! What manages guests from above libvirt, and the marks that it leaves on them: data only.

/// A program that keeps its own record of guests.
#[derive(Debug)]
pub(super) struct Manager {
    /// What its users call it.
    pub(super) name: &'static str,
    /// What should be used to change its guests.
    pub(super) tool: &'static str,
    /// Any of these tells that a guest is its.
    pub(super) marks: &'static [Mark],
    /// How it calls a guest.
    pub(super) instance: Instance,
}

/// What a manager leaves in a definition. The earlier kinds tell more than the later ones.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// An element in `<metadata>` whose namespace begins so.
    Metadata(&'static str),
    /// Maker and product of the machine in `<sysinfo>`; an empty one is not looked at.
    Sysinfo(&'static str, &'static str),
    /// The description begins so, and ends so.
    Description(&'static str, &'static str),
    /// A disk whose path has this part.
    Disk(&'static str),
    /// The name fits, as a whole: `#` is a hexadecimal digit, `%` a number.
    Name(&'static str),
}

/// Where the manager's own name of a guest is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instance {
    /// libvirt's name.
    Name,
    /// libvirt's name without this beginning.
    After(&'static str),
    /// libvirt's name, whose first `_` is a `/`.
    NamespaceAndName,
    /// The element of this name in the element in `<metadata>`.
    InMetadata(&'static str),
    /// What the description has after the mark's beginning.
    InDescription,
}

/// Every manager that is known. One that is built on another comes before it.
pub(super) const MANAGERS: &[Manager] = &[
    Manager {
        name: "OpenStack Nova",
        tool: "openstack server",
        marks: &[
            Mark::Metadata("http://openstack.org/xmlns/libvirt/nova/"),
            Mark::Sysinfo("OpenStack Foundation", ""),
            Mark::Sysinfo("", "OpenStack Nova"),
            Mark::Sysinfo("", "OpenStack Compute"),
            Mark::Name("instance-########"),
        ],
        instance: Instance::InMetadata("name"),
    },
    Manager {
        name: "oVirt hosted engine",
        tool: "hosted-engine",
        marks: &[Mark::Name("HostedEngine")],
        instance: Instance::Name,
    },
    Manager {
        name: "oVirt",
        tool: "the oVirt (or RHV) engine",
        marks: &[
            Mark::Metadata("http://ovirt.org/vm/"),
            Mark::Sysinfo("oVirt", ""),
            Mark::Sysinfo("Red Hat", "RHEV Hypervisor"),
            Mark::Sysinfo("Red Hat", "RHV"),
        ],
        instance: Instance::Name,
    },
    Manager {
        name: "KubeVirt",
        tool: "kubectl or virtctl",
        marks: &[Mark::Metadata("http://kubevirt.io"), Mark::Sysinfo("KubeVirt", "")],
        instance: Instance::NamespaceAndName,
    },
    Manager {
        name: "Eucalyptus",
        tool: "euca2ools",
        marks: &[Mark::Description("Eucalyptus instance ", ""), Mark::Name("i-########")],
        instance: Instance::Name,
    },
    Manager {
        name: "Apache CloudStack",
        tool: "CloudStack",
        marks: &[
            Mark::Sysinfo("", "CloudStack KVM Hypervisor"),
            Mark::Sysinfo("Apache Software Foundation", ""),
            Mark::Name("i-%-%-VM"),
            Mark::Name("r-%-VM"),
            Mark::Name("s-%-VM"),
            Mark::Name("v-%-VM"),
        ],
        instance: Instance::Name,
    },
    Manager {
        name: "OpenNebula",
        tool: "onevm",
        marks: &[Mark::Metadata("http://opennebula.org/xmlns/libvirt/"), Mark::Name("one-%")],
        instance: Instance::After("one-"),
    },
    Manager {
        name: "Vagrant",
        tool: "vagrant",
        marks: &[Mark::Description("Source: ", "/Vagrantfile")],
        instance: Instance::InDescription,
    },
    Manager {
        name: "Terraform",
        tool: "terraform",
        marks: &[
            Mark::Metadata("http://github.com/dmacvicar/terraform-provider-libvirt"),
            Mark::Metadata("https://github.com/dmacvicar/terraform-provider-libvirt"),
            Mark::Metadata("https://terraform.io"),
            Mark::Metadata("terraform.io"),
            Mark::Description("Managed by Terraform", ""),
            Mark::Description("Managed by OpenTofu", ""),
        ],
        instance: Instance::Name,
    },
    Manager {
        name: "minikube",
        tool: "minikube",
        marks: &[Mark::Disk("/.minikube/machines/")],
        instance: Instance::Name,
    },
    Manager {
        name: "CRC (OpenShift Local)",
        tool: "crc",
        marks: &[Mark::Disk("/.crc/machines/")],
        instance: Instance::Name,
    },
    Manager { name: "kcli", tool: "kcli", marks: &[Mark::Metadata("kvirt")], instance: Instance::Name },
    Manager {
        name: "ironcore libvirt-provider",
        tool: "kubectl",
        marks: &[Mark::Metadata("https://github.com/ironcore-dev/libvirt-provider")],
        instance: Instance::InMetadata("name"),
    },
    Manager {
        name: "Kimchi",
        tool: "Kimchi",
        marks: &[Mark::Metadata("https://github.com/kimchi-project/kimchi")],
        instance: Instance::Name,
    },
    Manager {
        name: "GNOME Boxes",
        tool: "GNOME Boxes",
        marks: &[
            Mark::Metadata("https://wiki.gnome.org/Apps/Boxes"),
            Mark::Metadata("https://live.gnome.org/Boxes"),
        ],
        instance: Instance::Name,
    },
    Manager {
        name: "Cockpit",
        tool: "Cockpit's page of virtual machines",
        marks: &[
            Mark::Metadata("https://github.com/cockpit-project/cockpit"),
            Mark::Metadata("https://cockpit-project.org/"),
        ],
        instance: Instance::Name,
    },
];
