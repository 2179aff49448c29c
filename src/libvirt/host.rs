//! The host behind a connection, and the connection's own facts.

use virt::sys;

use super::connection::Connection;
use super::domain::kib;
use super::door::read;
use super::failure::{check, check_pointer, text_of};
use super::typed_params::c_text;
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

    /// Free memory of the host in bytes (`virNodeGetFreeMemory`).
    pub fn free_memory(&self) -> Result<u64> {
        self.call(read("host.free_memory"), "", |c| Ok(c.free_memory()?))
    }

    /// The most virtual CPUs that a guest of a type may have (`virConnectGetMaxVcpus`).
    pub fn max_vcpus(&self, kind: Option<&str>) -> Result<u32> {
        let kind = kind.map(|kind| c_text("a domain type", kind)).transpose()?;
        self.call(read("connection.max_vcpus"), "", move |c| {
            let kind = kind.as_ref().map_or(std::ptr::null(), |kind| kind.as_ptr());
            // SAFETY: a live connection; the type is null or NUL-terminated.
            check(unsafe { sys::virConnectGetMaxVcpus(c.as_ptr(), kind) }).map(|n| n as u32)
        })
    }

    /// The host's SMBIOS tables as XML (`virConnectGetSysinfo`).
    pub fn sysinfo(&self) -> Result<String> {
        self.call(read("connection.sysinfo"), "", |c| Ok(c.sys_info(0)?))
    }

    /// What a kind of guest can have on this host, as XML (`virConnectGetDomainCapabilities`); empty
    /// arguments mean the host's defaults.
    pub fn domain_capabilities(
        &self,
        emulator: &str,
        arch: &str,
        machine: &str,
        kind: &str,
    ) -> Result<String> {
        let texts =
            [("an emulator", emulator), ("an architecture", arch), ("a machine", machine), ("a type", kind)]
                .into_iter()
                .map(|(what, text)| if text.is_empty() { Ok(None) } else { c_text(what, text).map(Some) })
                .collect::<Result<Vec<_>>>()?;
        self.call(read("connection.domain_capabilities"), "", move |c| {
            let text = |n: usize| texts[n].as_ref().map_or(std::ptr::null(), |t| t.as_ptr());
            // SAFETY: a live connection; each text is null or NUL-terminated; the answer is ours.
            unsafe {
                let answer = check_pointer(sys::virConnectGetDomainCapabilities(
                    c.as_ptr(),
                    text(0),
                    text(1),
                    text(2),
                    text(3),
                    0,
                ))?;
                let copy = text_of(answer).unwrap_or_default();
                super::domain::release(answer.cast());
                Ok(copy)
            }
        })
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
