//! Where a guest can be reached from here: its addresses, and whether a port of it answers.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::error::{Error, Result, code};
use crate::libvirt::{AddressSource, Domain, Interrupt, TICK};

/// How long one try to connect may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The addresses of a guest that mean something outside of it.
///
/// Fails when the guest is gone, or the run should end; a source that fails knows nothing.
pub(super) fn addresses(vm: &Domain) -> Result<Vec<IpAddr>> {
    let all = AddressSource::ALL.map(|(source, _)| source);
    let known = vm.guest_addresses(&all)?;
    let reachable = known.iter().filter(|address| !address.is_link_local());
    Ok(reachable.filter_map(|address| address.address.parse().ok()).collect())
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
}
