//! The host behind a connection, and the connection's own facts.

use virt::sys;

use super::connection::Connection;
use super::domain::kib;
use super::door::{change, read};
use super::failure::{check, take_text, text_of};
use super::texts::OptionalText;
use super::typed_params::{Params, c_text, take};
use crate::error::Result;

/// `virNodeInfo`, with memory in bytes.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// CPU model, such as `x86_64`
    pub model: String,
    /// bytes
    pub memory: u64,
    /// CPUs that are online
    pub cpus: u32,
    /// MHz, 0 where unknown
    pub mhz: u32,
    /// NUMA nodes
    pub nodes: u32,
    /// sockets per node
    pub sockets: u32,
    /// cores per socket
    pub cores: u32,
    /// threads per core
    pub threads: u32,
}

impl Connection {
    /// libvirt's name of the connection (`virConnectGetURI`).
    pub fn canonical_uri(&self) -> Result<String> {
        self.call(read("connection.uri"), "", |c| Ok(c.uri()?))
    }

    /// The driver's name (`virConnectGetType`).
    pub fn driver(&self) -> Result<String> {
        self.call(read("connection.type"), "", |c| Ok(c.driver_type()?))
    }

    /// The host's name (`virConnectGetHostname`).
    pub fn hostname(&self) -> Result<String> {
        self.call(read("connection.hostname"), "", |c| Ok(c.hostname()?))
    }

    /// What the host can do, as XML (`virConnectGetCapabilities`).
    pub fn capabilities(&self) -> Result<String> {
        self.call(read("connection.capabilities"), "", |c| Ok(c.capabilities()?))
    }

    /// The daemon's version as libvirt's number (`virConnectGetLibVersion`).
    pub fn daemon_version(&self) -> Result<u64> {
        self.call(read("connection.lib_version"), "", |c| {
            let mut version = 0;
            // SAFETY: a live connection and a number to write to.
            check(unsafe { sys::virConnectGetLibVersion(c.as_ptr(), &raw mut version) })?;
            Ok(version)
        })
    }

    /// The hypervisor's version as libvirt's number, 0 where unknown (`virConnectGetVersion`).
    pub fn hypervisor_version(&self) -> Result<u64> {
        self.call(read("connection.version"), "", |c| {
            let mut version = 0;
            // SAFETY: a live connection and a number to write to.
            check(unsafe { sys::virConnectGetVersion(c.as_ptr(), &raw mut version) })?;
            Ok(version)
        })
    }

    /// CPUs and memory of the host (`virNodeGetInfo`).
    pub fn node_info(&self) -> Result<NodeInfo> {
        self.call(read("host.info"), "", |c| {
            let info = c.node_info()?;
            Ok(NodeInfo {
                model: info.model,
                memory: kib(info.memory),
                cpus: info.cpus,
                mhz: info.mhz,
                nodes: info.nodes,
                sockets: info.sockets,
                cores: info.cores,
                threads: info.threads,
            })
        })
    }

    /// The most virtual CPUs that a guest of a type may have (`virConnectGetMaxVcpus`).
    pub fn max_vcpus(&self, kind: Option<&str>) -> Result<u32> {
        let kind = OptionalText::new("a domain type", kind)?;
        self.call(read("connection.max_vcpus"), "", move |c| {
            // SAFETY: a live connection; the type is null or NUL-terminated.
            check(unsafe { sys::virConnectGetMaxVcpus(c.as_ptr(), kind.as_ptr()) }).map(|n| n as u32)
        })
    }

    /// The host's SMBIOS tables as XML (`virConnectGetSysinfo`).
    pub fn sysinfo(&self) -> Result<String> {
        self.call(read("connection.sysinfo"), "", |c| Ok(c.sys_info(0)?))
    }

    /// Whether the transport is encrypted (`virConnectIsEncrypted`).
    pub fn is_encrypted(&self) -> Result<bool> {
        self.call(read("connection.is_encrypted"), "", |c| Ok(c.is_encrypted()?))
    }

    /// Whether nobody can listen in: encrypted, or local (`virConnectIsSecure`).
    pub fn is_secure(&self) -> Result<bool> {
        self.call(read("connection.is_secure"), "", |c| Ok(c.is_secure()?))
    }

    /// Whether it is open and answers, as far as the client knows (`virConnectIsAlive`).
    pub fn is_alive(&self) -> Result<bool> {
        self.call(read("connection.is_alive"), "", |c| Ok(c.is_alive()?))
    }
}

/// The security driver of a host (`virSecurityModel`).
#[derive(Clone, Debug)]
pub struct SecurityModel {
    /// its name, such as `selinux` or `apparmor`; empty where there is none
    pub model: String,
    /// its domain of interpretation
    pub doi: String,
}

/// What a host sleeps into (`virNodeSuspendTarget`), by libvirt's number.
#[derive(Clone, Copy, Debug)]
pub struct SuspendTarget(pub u32);

impl Connection {
    /// The security driver of the host (`virNodeGetSecurityModel`).
    pub fn security_model(&self) -> Result<SecurityModel> {
        self.call(read("host.security_model"), "", |c| {
            let mut model = std::mem::MaybeUninit::<sys::virSecurityModel>::zeroed();
            // SAFETY: a live connection and room for one structure, all zero, which is a valid value;
            // libvirt NUL-terminates both texts.
            unsafe {
                check(sys::virNodeGetSecurityModel(c.as_ptr(), model.as_mut_ptr()))?;
                let model = model.assume_init();
                let text = |text: &[std::os::raw::c_char]| text_of(text.as_ptr()).unwrap_or_default();
                Ok(SecurityModel { model: text(&model.model), doi: text(&model.doi) })
            }
        })
    }

    /// What AMD SEV needs to know of the host (`virNodeGetSEVInfo`).
    pub fn sev_info(&self) -> Result<Params> {
        self.call(read("host.sev_info"), "", |c| {
            // SAFETY: a live connection; the list that libvirt allocates is taken over.
            take(|params, count| unsafe { sys::virNodeGetSEVInfo(c.as_ptr(), params, count, 0) })
        })
    }

    /// Puts the host to sleep and wakes it up again (`virNodeSuspendForDuration`); in seconds.
    pub fn suspend_host(&self, target: SuspendTarget, seconds: u64) -> Result<()> {
        self.call(change("host.suspend"), "", move |c| {
            // SAFETY: a live connection; the rest are numbers.
            check(unsafe { sys::virNodeSuspendForDuration(c.as_ptr(), target.0, seconds, 0) }).map(drop)
        })
    }

    /// Turns a hypervisor's own configuration into a definition (`virConnectDomainXMLFromNative`).
    pub fn domain_xml_from_native(&self, format: &str, config: &str) -> Result<String> {
        let (format, config) = (c_text("a format", format)?, c_text("a configuration", config)?);
        self.call(read("connection.domain_xml_from_native"), "", move |c| {
            // SAFETY: a live connection and two NUL-terminated texts; the answer is ours to free.
            unsafe {
                take_text(sys::virConnectDomainXMLFromNative(c.as_ptr(), format.as_ptr(), config.as_ptr(), 0))
            }
        })
    }

    /// Turns a definition into a hypervisor's own configuration (`virConnectDomainXMLToNative`).
    pub fn domain_xml_to_native(&self, format: &str, xml: &str) -> Result<String> {
        let (format, xml) = (c_text("a format", format)?, c_text("XML", xml)?);
        self.call(read("connection.domain_xml_to_native"), "", move |c| {
            // SAFETY: a live connection and two NUL-terminated texts; the answer is ours to free.
            unsafe {
                take_text(sys::virConnectDomainXMLToNative(c.as_ptr(), format.as_ptr(), xml.as_ptr(), 0))
            }
        })
    }
}

/// Major, minor and release of a libvirt version number, as text.
pub fn version_text(number: u64) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}

/// The version of the libvirt library in this process, as libvirt's number (`virGetVersion`).
pub fn library_version() -> Result<u64> {
    let mut version = 0;
    // SAFETY: a number to write to; the other two may be null.
    check(unsafe { sys::virGetVersion(&raw mut version, std::ptr::null(), std::ptr::null_mut()) })?;
    Ok(version)
}
