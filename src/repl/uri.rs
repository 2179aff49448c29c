//! URIs as the prompt shows them.

pub(super) use crate::libvirt::without_password;

/// A URI without its parameters and without a password.
pub(super) fn shown(uri: &str) -> String {
    without_password(uri.split_once('?').map_or(uri, |(uri, _)| uri))
}

/// True for a connection to another machine: it names a host, or a transport that goes over the network.
pub(super) fn is_remote(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let transport = scheme.split_once('+').map_or("", |(_, transport)| transport);
    !host.is_empty() || !matches!(transport, "" | "unix")
}

/// True where a text names a user with a password in a URI: `esx://root:secret@host/`.
pub(super) fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '"', '`', '\'', '?', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_parameters_nor_passwords_are_shown() {
        for (uri, seen) in [
            ("qemu:///system", "qemu:///system"),
            ("qemu+unix:///system?socket=/run/x", "qemu+unix:///system"),
            ("esx://root:geheim@esx1/?no_verify=1", "esx://root@esx1/"),
            ("qemu+ssh://root@kvm1:22/system", "qemu+ssh://root@kvm1:22/system"),
            ("default", "default"),
        ] {
            assert_eq!(shown(uri), seen);
        }
    }

    #[test]
    fn a_host_or_a_transport_over_the_network_makes_a_connection_remote() {
        for uri in ["qemu+ssh://root@kvm1/system", "qemu://kvm1/system", "esx://esx1", "qemu+tls:///system"] {
            assert!(is_remote(uri), "{uri}");
        }
        for uri in ["qemu:///system", "qemu+unix:///session?socket=/x", "test:///default", "default"] {
            assert!(!is_remote(uri), "{uri}");
        }
    }
}
