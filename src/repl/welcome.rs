//! What `help` alone shows: the next step that makes sense now, the topics, and the words of the prompt.

use rhai::Dynamic;

use super::commands::WORDS;
use super::shell::Shell;
use crate::error::code;
use crate::help::{self, INDEX};
use crate::lang::reference::{Body, HelpText, Section};
use crate::virsh::complete::{Wanted, place};

/// So many steps are suggested.
const STEPS: usize = 3;
/// A list with more elements than this is worth filtering.
const LONG: usize = 20;

/// A step: what to type, and why.
type Step = (String, String);

/// Lays the page out.
pub(super) fn page(shell: &Shell) -> HelpText {
    let rows = |rows: &[(&str, &str)]| {
        Body::Rows(rows.iter().map(|(word, does)| ((*word).to_owned(), (*does).to_owned())).collect())
    };
    let section = |heading: &str, body| Section { heading: heading.into(), body };
    let mut steps = Situation::of(shell).steps();
    steps.truncate(STEPS);
    let sections = vec![
        section("Next", Body::Rows(steps)),
        help::list_of_topics(),
        section("At the prompt", rows(WORDS)),
        section("Everything", rows(&[(&format!("help {INDEX}"), "Every type, function and module.")])),
    ];
    HelpText { title: "virhai".into(), sections }
}

/// What the session looks like to somebody who asks for help.
#[derive(Default)]
struct Situation {
    /// The topic that helps with what failed last, and what was said.
    failure: Option<(&'static str, String)>,
    uri: String,
    is_open: bool,
    is_readonly: bool,
    /// How many elements the last value has, and what filters them.
    list: Option<(usize, String)>,
    /// A guest that is off.
    inactive: Option<String>,
    has_value: bool,
}

impl Situation {
    fn of(shell: &Shell) -> Self {
        let connection = shell.session().connection();
        let last = shell.session().scope().get("it");
        let failure = shell.failure().map(|error| {
            let topic = match error.code() {
                code::CONNECT_FAILED | code::AUTH_FAILED | code::PERMISSION_DENIED => "connect",
                code::READ_ONLY | code::DENIED => "safety",
                _ => "errors",
            };
            let facts = error.facts();
            let hint = facts.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            (topic, format!("The last line failed: {}{hint}.", facts.message.trim_end_matches('.')))
        });
        Self {
            failure,
            uri: connection.uri(),
            is_open: connection.is_open(),
            is_readonly: connection.is_readonly(),
            list: last.and_then(long_list),
            inactive: inactive_guest(shell),
            has_value: last.is_some(),
        }
    }

    fn steps(self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut add = |typed: &str, why: String| steps.push((typed.to_owned(), why));
        if let Some((topic, said)) = self.failure {
            add(&format!("help {topic}"), said);
        }
        if !self.is_open {
            let host = if self.uri == "default" { "libvirt's own choice of a host" } else { &self.uri };
            add("domains()", format!("Opens {host} and lists its guests."));
        }
        if self.is_readonly {
            add("help safety", "The connection is read-only: reading works, changes are refused.".into());
        }
        if let Some((count, filter)) = self.list {
            add(&filter, format!("Keeps some of the {count} that were shown last."));
        }
        if let Some(name) = self.inactive.filter(|_| !self.is_readonly) {
            add(&format!("domain({name:?}).start()"), "Starts a guest that is off.".into());
        }
        if self.has_value {
            add("help(it)", "Says what the last value is and what it can do.".into());
        }
        add("help start", "The first minutes; `help virsh` for those who know virsh.".into());
        steps
    }
}

/// A long list, and what could be typed to see less of it.
fn long_list(value: &Dynamic) -> Option<(usize, String)> {
    let list = value.as_array_ref().ok().filter(|list| list.len() > LONG)?;
    let first = list.first()?;
    let filter = if let Ok(map) = first.as_map_ref() {
        format!("it.filter(|x| x.{} == …)", map.keys().next()?)
    } else if first.type_name().ends_with("Domain") {
        "it.filter(|d| d.state == \"running\")".to_owned()
    } else if first.is_string() {
        "it.filter(|x| x.starts_with(\"a\"))".to_owned()
    } else {
        return None;
    };
    Some((list.len(), filter))
}

/// A guest that could be started, as far as that is known within a moment; no connection is opened for it.
fn inactive_guest(shell: &Shell) -> Option<String> {
    let (Wanted::Options(_, Some(value)) | Wanted::Value(value)) = place("start ")?.wanted else {
        return None;
    };
    shell.names().virsh(&shell.session().connection(), &value).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(situation: Situation) -> Vec<String> {
        situation.steps().into_iter().map(|(typed, _)| typed).collect()
    }

    #[test]
    fn a_session_without_a_connection_is_told_how_to_get_one() {
        let steps = Situation { uri: "default".into(), ..Situation::default() }.steps();
        let why = "Opens libvirt's own choice of a host and lists its guests.";
        assert_eq!(steps[0], ("domains()".to_owned(), why.to_owned()));
    }

    #[test]
    fn what_failed_comes_first_and_what_cannot_be_done_is_not_suggested() {
        let situation = Situation {
            failure: Some(("connect", "The last line failed: no daemon.".into())),
            is_open: true,
            is_readonly: true,
            inactive: Some("db1".into()),
            ..Situation::default()
        };
        assert_eq!(typed(situation), ["help connect", "help safety", "help start"]);
    }

    #[test]
    fn a_guest_that_is_off_can_be_started_and_a_long_list_be_filtered() {
        let situation = Situation {
            is_open: true,
            inactive: Some("db1".into()),
            list: Some((200, "it.filter(|d| d.state == \"running\")".into())),
            ..Situation::default()
        };
        assert_eq!(
            typed(situation),
            ["it.filter(|d| d.state == \"running\")", "domain(\"db1\").start()", "help start"]
        );
    }

    #[test]
    fn only_long_lists_are_worth_filtering() {
        let list = |count| Dynamic::from_array(vec![Dynamic::from("a"); count]);
        assert_eq!(long_list(&list(LONG)), None);
        assert_eq!(long_list(&list(21)), Some((21, "it.filter(|x| x.starts_with(\"a\"))".into())));
    }
}
