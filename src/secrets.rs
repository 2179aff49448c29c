//! Which inputs may carry a secret: they are kept nowhere.

use crate::uri;

/// An input with one of these in it may carry a secret; upper and lower case are the same.
const TELLTALES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret_set_value",
    "secret-set-value",
    "set_value(",
    "secret=",
    "secret =",
    "secret:",
    "token=",
    "token =",
    "token:",
    "bearer ",
    "api_key",
    "private_key",
    "private key",
];

/// True for a text that may carry a secret: it belongs into no file and no hint.
pub(crate) fn is_secret(text: &str) -> bool {
    let folded = text.to_lowercase();
    TELLTALES.iter().any(|telltale| folded.contains(telltale)) || uri::has_password(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_carry_a_secret_is_known_by_its_words() {
        for text in [
            "let password = \"x\"",
            "vm.set_user_password(\"root\", \"x\")",
            "set-user-password web1 root x",
            "secret-set-value 0a81f5b2 x",
            "conn().secret(\"a\").set_value(\"x\")",
            "connect(\"esx://root:geheim@host/\")",
            "connect -c esx://root:geheim@host/",
            "run(\"curl\", [\"token=abc\"])",
            "vm.update_device(`<graphics type='vnc' passwd='x'/>`)",
            "f(#{ token: \"x\" })",
            "run(\"curl\", [\"-H\", \"Authorization: Bearer x\"])",
        ] {
            assert!(is_secret(text), "{text}");
        }
        for text in ["domains()", "secrets()", "secret-list", "connect(\"qemu+ssh://root@kvm1:22/system\")"] {
            assert!(!is_secret(text), "{text}");
        }
    }
}
