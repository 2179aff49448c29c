//! What Kubernetes and Nomad have in common.

use super::Export;
use crate::config::Recording;
use crate::jobs::Target;
use crate::uri::is_remote;

/// The folder of the state in a container.
pub(super) const STATE: &str = "/var/lib/virhai";

/// The folder of the credentials in a container.
pub(super) const CREDENTIALS: &str = "/run/credentials/virhai";

/// What no container of a cluster has by itself.
pub(super) fn warnings(export: &Export<'_>) -> Vec<String> {
    let job = export.job;
    let mut warnings = Vec::new();
    match &job.target {
        Target::Uri(uri) if is_remote(uri) || uri.starts_with("test:") => {}
        Target::Hosts(hosts) => {
            warnings.push(format!(
                "virhai does not run a job on several hosts yet ({hosts}): name one with `uri`"
            ));
        }
        Target::Uri(uri) => warnings.push(format!(
            "{uri} is in no container: give it the folder /run/libvirt of its node, or name a remote URI"
        )),
        Target::Default => {
            warnings.push("the job names no connection: add `uri` or `hosts` to its block".into());
        }
    }
    if export.shards.is_some() && !matches!(job.target, Target::Hosts(_)) {
        warnings.push("without `hosts` there is nothing that shards could share".into());
    }
    let needs_record = job.record == Some(Recording::Required);
    warnings.push(format!(
        "the record of runs ends with the container{}: set VIRHAI_HISTORY_STORE to a postgres:// URL to keep it",
        if needs_record { ", although it is required" } else { "" }
    ));
    warnings
}

/// The words of the command after the program; `index` is how the scheduler writes the number of a shard.
pub(super) fn arguments(export: &Export<'_>, script: &str, index: &str) -> Vec<String> {
    let mut words = vec!["job".to_owned(), "run".to_owned()];
    if !export.job.jitter.is_zero() {
        words.push("--jitter".into());
    }
    if let Some(shards) = export.shards {
        words.extend(["--shard".to_owned(), format!("{index}/{shards}")]);
    }
    words.push(script.to_owned());
    words
}

/// The longest time that a container may run, in seconds: the job's own limit, jitter and start included.
pub(super) fn longest_seconds(export: &Export<'_>) -> Option<u64> {
    let time = export.job.longest_run()? + export.job.jitter;
    Some(time.as_secs() + 120)
}
