//! Where a guest can be reached from here: its addresses, and whether a port of it answers.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::error::{Error, Result, code};
use crate::libvirt::{Domain, Interrupt, TICK, sys};

/// How long one try to connect may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who may know a guest's addresses.
const SOURCES: [u32; 3] = [
    sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
    sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
    sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
];

/// The addresses that mean something outside of the guest; without any, the next source is asked.
///
/// Fails when the guest is gone, or the run should end; a source that fails knows nothing.
pub(super) fn addresses(vm: &Domain) -> Result<Vec<IpAddr>> {
    for source in SOURCES {
        let found: Vec<IpAddr> = match vm.interface_addresses(source) {
            Ok(interfaces) => {
                let texts = interfaces.iter().flat_map(|interface| &interface.addresses);
                texts.filter_map(|address| address.address.parse().ok()).filter(is_reachable).collect()
            }
            Err(error) if error.code() == "no_domain" || error.ends_the_run() => return Err(error),
            Err(_) => Vec::new(),
        };
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn is_reachable(address: &IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(link_local || address.is_loopback() || address.is_unspecified())
}

/// Tells whether a port accepts a connection at one of the addresses.
///
/// Each is tried on a thread of its own, because a connect cannot be interrupted; the threads end by
/// themselves within [`PATIENCE`].
pub(super) fn answers(addresses: &[IpAddr], port: u16, interrupt: &Interrupt) -> Result<bool> {
    let (sender, answers) = mpsc::channel();
    for address in addresses {
        let (sender, address) = (sender.clone(), SocketAddr::new(*address, port));
        std::thread::Builder::new()
            .name("connect".into())
            .spawn(move || sender.send(TcpStream::connect_timeout(&address, PATIENCE).is_ok()))
            .map_err(|e| Error::new(code::IO, format!("cannot start a thread: {e}")))?;
    }
    drop(sender);
    loop {
        interrupt.check()?;
        match answers.recv_timeout(TICK) {
            Ok(true) => return Ok(true),
            Ok(false) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::libvirt::Reason;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_port_answers_while_somebody_listens() {
        let listener = TcpListener::bind((HERE, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let interrupt = Interrupt::default();
        assert!(answers(&[HERE], port, &interrupt).unwrap());
        drop(listener);
        assert!(!answers(&[HERE], port, &interrupt).unwrap());
        assert!(!answers(&[], port, &interrupt).unwrap());
        interrupt.raise(Reason::Interrupted);
        assert!(answers(&[HERE], port, &interrupt).is_err());
    }

    #[test]
    fn addresses_that_only_mean_something_on_their_link_do_not_count() {
        for (address, counts) in [
            ("192.168.122.7", true),
            ("2001:db8::1", true),
            ("169.254.3.4", false),
            ("fe80::1", false),
            ("127.0.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(is_reachable(&address.parse().unwrap()), counts, "{address}");
        }
    }
}
