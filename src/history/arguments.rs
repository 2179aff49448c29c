//! Arguments as they are kept: without what may be a secret.

use crate::secrets::is_secret;
use crate::uri::{has_password, without_password};

const HIDDEN: &str = "***";

/// Arguments in which every one that may be a secret is hidden; what follows a word such as `--password` is, too.
pub(super) fn without_secrets(arguments: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    for argument in arguments {
        if has_password(argument) {
            let rest = without_password(argument);
            kept.push(if has_password(&rest) { HIDDEN.into() } else { rest });
        } else if argument.contains(char::is_whitespace) && is_secret(argument) {
            let first = argument.split_whitespace().next().unwrap_or_default();
            kept.push(if first.contains('=') { HIDDEN.into() } else { format!("{first} {HIDDEN}") });
        } else if let Some((name, _)) = argument.split_once('=').filter(|(name, _)| tells(name)) {
            kept.push(format!("{name}={HIDDEN}"));
        } else if tells(argument) {
            // Which of the next words is the secret, only the program knows that reads them.
            kept.extend([argument.clone(), HIDDEN.into()]);
            break;
        } else {
            kept.push(argument.clone());
        }
    }
    kept
}

/// True for a word after which a secret may come.
fn tells(word: &str) -> bool {
    let word = word.trim_start_matches('-');
    !word.is_empty() && is_secret(&format!("{word}="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        for (given, kept) in [
            ("web1 --force", "web1 --force"),
            ("--password geheim web1", "--password ***"),
            ("web1 --token=geheim --force", "web1 --token=*** --force"),
            ("set-user-password web1 root geheim", "set-user-password ***"),
            ("secret-set-value 0a81 geheim", "secret-set-value ***"),
            ("-c esx://root:geheim@esx1/ list", "-c esx://root@esx1/ list"),
            ("secret-list", "secret-list"),
        ] {
            let given: Vec<String> = given.split(' ').map(str::to_owned).collect();
            assert_eq!(without_secrets(&given).join(" "), kept);
        }
        let line = ["list; set-user-password web1 root geheim".to_owned()];
        assert_eq!(without_secrets(&line), ["list; ***"]);
    }
}
