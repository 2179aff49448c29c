//! Secrets that a scheduler hands to a job: scripts read them, and nothing keeps them.

use std::borrow::Cow;
use std::path::Path;

use crate::config::Env;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// Shorter texts are everywhere: hiding them would only make the output unreadable.
const SHORTEST: usize = 5;
/// A longer file is no password.
const LONGEST: u64 = 64 << 10;

/// The secrets of a run, so that its output does not carry them into the record or the journal.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Reads the files in `$CREDENTIALS_DIRECTORY` and the variables that the job names.
    pub(super) fn find(env: &Env, variables: &[String]) -> Self {
        let folder = env.get("CREDENTIALS_DIRECTORY").map(Path::new);
        let files = folder.and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten();
        let is_small =
            |path: &Path| path.metadata().is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
        let texts = files.map(|file| file.path()).filter(|path| is_small(path));
        let texts = texts.filter_map(|path| std::fs::read_to_string(path).ok());
        let variables = variables.iter().filter_map(|name| env.get(name).map(str::to_owned));
        let lines = |text: String| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        let mut secrets: Vec<_> =
            texts.chain(variables).flat_map(lines).filter(|secret| secret.len() >= SHORTEST).collect();
        // One that holds another is hidden as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// Returns a line without them.
    pub(super) fn hidden<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if self.0.is_empty() {
            return line.into();
        }
        let text = String::from_utf8_lossy(line);
        if !self.0.iter().any(|secret| text.contains(secret.as_str())) {
            return line.into();
        }
        let hide = |text: String, secret: &String| text.replace(secret.as_str(), HIDDEN);
        self.0.iter().fold(text.into_owned(), hide).into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scheduler_hands_over_is_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("db"), "hunter2-and-more\n").unwrap();
        std::fs::write(folder.path().join("pin"), "12\n").unwrap();
        let variables = [
            ("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap()),
            ("PGPASSWORD", "hunter2"),
            ("OTHER", "visible"),
        ];
        let secrets = Secrets::find(&Env::new(variables), &["PGPASSWORD".into()]);
        let hidden = |line: &str| String::from_utf8(secrets.hidden(line.as_bytes()).into_owned()).unwrap();
        assert_eq!(
            hidden("with hunter2-and-more, hunter2, 12 and visible\n"),
            "with ***, ***, 12 and visible\n"
        );
        assert_eq!(Secrets::default().hidden(b"hunter2"), b"hunter2".as_slice());
    }
}
