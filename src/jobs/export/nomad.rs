//! A periodic batch job of Nomad, with the script in it.

use std::fmt::Write as _;

use super::cluster::{STATE, arguments, longest_seconds};
use super::{Export, lines, plain_name};
use crate::error::Result;
use crate::jobs::Overlap;

/// Ends the script; no line of a script is likely to be it, and one that is gets a longer one.
const END: &str = "END_OF_SCRIPT";

pub(super) fn write(export: &Export<'_>) -> Result<String> {
    let job = export.job;
    let name = plain_name(&job.name)?;
    let mut hcl = Hcl::default();
    hcl.open(&format!("job {}", quoted(&name)));
    hcl.set("type", &quoted("batch"));
    if let Some(schedule) = &job.schedule {
        hcl.open("periodic");
        hcl.set("crons", &format!("[{}]", quoted(&schedule.to_cron()?.to_string())));
        hcl.set("time_zone", &quoted(export.zone().unwrap_or("UTC")));
        hcl.set("prohibit_overlap", if job.overlap == Overlap::Replace { "false" } else { "true" });
        hcl.close();
    }
    hcl.open(&format!("group {}", quoted("job")));
    hcl.set("count", &export.shards.unwrap_or(1).to_string());
    // The run itself tries again as the job says.
    hcl.open("restart");
    hcl.set("attempts", "0");
    hcl.set("mode", &quoted("fail"));
    hcl.close();
    hcl.open("reschedule");
    hcl.set("attempts", "0");
    hcl.set("unlimited", "false");
    hcl.close();
    task(&mut hcl, export, &name);
    hcl.close();
    hcl.close();
    Ok(hcl.text)
}

fn task(hcl: &mut Hcl, export: &Export<'_>, name: &str) {
    let job = export.job;
    hcl.open(&format!("task {}", quoted("run")));
    hcl.set("driver", &quoted("docker"));
    hcl.set("kill_timeout", &quoted(&format!("{}s", job.grace.as_secs() + 30)));
    hcl.open("config");
    hcl.set("image", &quoted(export.image));
    let words = arguments(export, "${NOMAD_TASK_DIR}/job.rhai", "${NOMAD_ALLOC_INDEX}");
    let mut command = vec!["virhai".to_owned()];
    if let Some(seconds) = longest_seconds(export) {
        // Nomad has no limit of its own for a batch job.
        command = vec!["timeout".into(), "--kill-after=30s".into(), format!("{seconds}s"), "virhai".into()];
    }
    let words: Vec<String> =
        command.iter().map(|word| quoted(word)).chain(words.iter().map(|word| in_quotes(word))).collect();
    hcl.set("entrypoint", &format!("[{}]", words.join(", ")));
    let folders: Vec<String> =
        job.writes.iter().map(|folder| quoted(&format!("{0}:{0}", folder.display()))).collect();
    if !folders.is_empty() {
        hcl.set("volumes", &format!("[{}]", folders.join(", ")));
    }
    hcl.close();
    hcl.open("env");
    hcl.set("STATE_DIRECTORY", &quoted(STATE));
    if !job.credentials.is_empty() {
        hcl.set("CREDENTIALS_DIRECTORY", &in_quotes("${NOMAD_SECRETS_DIR}"));
    }
    hcl.close();
    template(hcl, "local/job.rhai", export.script, false);
    let variable = |key: &str| {
        format!("{{{{ with nomadVar \"nomad/jobs/{name}\" }}}}{{{{ index . \"{key}\" }}}}{{{{ end }}}}")
    };
    if !job.environment.is_empty() {
        let variables = lines(&job.environment, |key| format!("{key}={}", variable(key)));
        template(hcl, "secrets/environment", &variables, true);
    }
    for credential in &job.credentials {
        template(hcl, &format!("secrets/{}", credential.name), &variable(&credential.name), false);
    }
    hcl.close();
}

/// A file that Nomad makes. In that of the script its own signs must mean nothing.
fn template(hcl: &mut Hcl, path: &str, text: &str, env: bool) {
    let is_script = path.starts_with("local/");
    hcl.open("template");
    hcl.set("destination", &quoted(path));
    if env {
        hcl.set("env", "true");
    }
    if is_script {
        let sign = unused(text, "@@virhai@@");
        hcl.set("left_delimiter", &quoted(&format!("{sign}<")));
        hcl.set("right_delimiter", &quoted(&format!(">{sign}")));
        hcl.set("change_mode", &quoted("noop"));
    }
    let end = unused(text, END);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let kept = text.replace("${", "$${").replace("%{", "%%{");
    let _ = writeln!(hcl.text, "{}data = <<{end}\n{kept}\n{end}", hcl.indent());
    hcl.close();
}

/// A word that is not in a text: made longer until it is not.
fn unused(text: &str, word: &str) -> String {
    let mut word = word.to_owned();
    while text.contains(&word) {
        word.push('_');
    }
    word
}

/// A text in which nothing is replaced.
fn quoted(text: &str) -> String {
    in_quotes(&text.replace("${", "$${").replace("%{", "%%{"))
}

/// A text in which Nomad replaces `${…}`.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[derive(Default)]
struct Hcl {
    text: String,
    depth: usize,
}

impl Hcl {
    fn indent(&self) -> String {
        "  ".repeat(self.depth)
    }

    fn open(&mut self, head: &str) {
        let _ = writeln!(self.text, "{}{head} {{", self.indent());
        self.depth += 1;
    }

    fn set(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{}{key} = {value}", self.indent());
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        let _ = writeln!(self.text, "{}}}", self.indent());
    }
}
