//! A line of cron's table: of `/etc/cron.d` for the system, of a user's own table otherwise.

use super::{Export, lines};
use crate::error::{Error, Result};
use crate::jobs::unit::{Scope, unit_stem};

pub(super) fn write(export: &Export<'_>) -> Result<String> {
    let job = export.job;
    let Some(schedule) = &job.schedule else {
        let error = Error::usage("the job has no schedule, and cron runs nothing without one");
        return Err(error.hint("add `schedule` to the block [job]"));
    };
    let fields = schedule.to_cron()?;
    // Only some crons know CRON_TZ; the others would silently take the host's zone.
    if let Some(zone) = schedule.zone().filter(|zone| export.zone.as_deref() != Some(zone)) {
        let error = Error::usage(format!(
            "\"{schedule}\" has no form in cron: \"{zone}\", a time zone other than the host's"
        ));
        return Err(error.hint("write the schedule in the zone of the host"));
    }
    if let Some(credential) = job.credentials.first() {
        let error = Error::usage(format!("the credential \"{}\" has no form in cron", credential.name));
        return Err(error.hint("let the script read a file that only its user can read"));
    }
    let jitter = if job.jitter.is_zero() { "" } else { "--jitter " };
    let command = format!(
        "{} job run {jitter}{}",
        quoted(&export.machine.program.to_string_lossy()),
        quoted(&job.script.to_string_lossy())
    );
    let (place, user) = match export.machine.scope {
        Scope::System => (format!("/etc/cron.d/{}", unit_stem(&job.name).replace(['.', '\\'], "-")), "root "),
        Scope::User => ("crontab -e".to_owned(), ""),
    };
    let needed = lines(&job.environment, |name| format!("# {name} must be in the environment of cron"));
    Ok(format!("# {place}\n{needed}{fields} {user}{command}\n"))
}

/// One word for the shell, in cron's table, where `%` ends the command.
fn quoted(text: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-:@+,=".contains(sign);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    // Inside of quotes the backslash before it would stay: the quotes are closed for it.
    format!("'{}'", text.replace('\'', "'\\''").replace('%', "'\\%'"))
}
