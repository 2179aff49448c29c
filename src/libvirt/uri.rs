//! URIs as they are shown and kept.

/// Returns a URI without the password that may be in it.
pub fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}@{host}{}", &rest[end..]),
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_and_the_parameters_stay() {
        assert_eq!(without_password("esx://root:geheim@host/x?a=b"), "esx://root@host/x?a=b");
        for uri in ["test:///default", "qemu+ssh://root@kvm1/system", "qemu:///system?socket=/a:b@c"] {
            assert_eq!(without_password(uri), uri);
        }
    }
}
