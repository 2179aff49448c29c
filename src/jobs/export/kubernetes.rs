//! A `CronJob` of Kubernetes with the script in a `ConfigMap`; a `Job` where there is no schedule.

use serde_json::{Map, Value, json};

use super::cluster::{CREDENTIALS, STATE, arguments, longest_seconds};
use super::{Export, plain_name};
use crate::error::{Error, Result};
use crate::jobs::Overlap;

/// Where the script is in the container.
const SCRIPT: &str = "/etc/virhai-job/job.rhai";

pub(super) fn write(export: &Export<'_>) -> Result<String> {
    let name = plain_name(&export.job.name)?;
    let metadata = json!({ "name": name, "labels": { "app.kubernetes.io/name": "virhai", "app.kubernetes.io/instance": name } });
    let script = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
        "data": { "job.rhai": export.script },
    });
    let job_spec = job_spec(export, &name, &metadata);
    let job = match &export.job.schedule {
        None => json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job_spec }),
        Some(schedule) => {
            let mut spec = Map::new();
            spec.insert("schedule".into(), schedule.to_cron()?.to_string().into());
            if let Some(zone) = export.zone() {
                spec.insert("timeZone".into(), kubernetes_zone(zone).into());
            }
            let policy = if export.job.overlap == Overlap::Replace { "Replace" } else { "Forbid" };
            spec.insert("concurrencyPolicy".into(), policy.into());
            if let (Overlap::Wait, Some(time)) = (export.job.overlap, longest_seconds(export)) {
                // A run that is due while another runs begins after it, if that is within this time.
                spec.insert("startingDeadlineSeconds".into(), time.into());
            }
            spec.insert("jobTemplate".into(), json!({ "spec": job_spec }));
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec })
        }
    };
    let yaml = |value: &Value| {
        serde_saphyr::to_string(value)
            .map_err(|error| Error::usage(format!("the job has no form in YAML: {error}")))
    };
    Ok(format!("---\n{}---\n{}", yaml(&script)?, yaml(&job)?))
}

fn job_spec(export: &Export<'_>, name: &str, metadata: &Value) -> Map<String, Value> {
    let mut spec = Map::new();
    if let Some(shards) = export.shards {
        spec.insert("completionMode".into(), "Indexed".into());
        spec.insert("completions".into(), shards.into());
        spec.insert("parallelism".into(), shards.into());
    }
    // The run itself tries again as the job says.
    spec.insert("backoffLimit".into(), 0.into());
    if let Some(seconds) = longest_seconds(export) {
        spec.insert("activeDeadlineSeconds".into(), seconds.into());
    }
    spec.insert(
        "template".into(),
        json!({ "metadata": { "labels": metadata["labels"] }, "spec": pod(export, name) }),
    );
    spec
}

fn pod(export: &Export<'_>, name: &str) -> Value {
    let job = export.job;
    let mut volumes = vec![
        json!({ "name": "script", "configMap": { "name": name } }),
        json!({ "name": "state", "emptyDir": {} }),
        json!({ "name": "tmp", "emptyDir": {} }),
    ];
    let mut mounts = vec![
        json!({ "name": "script", "mountPath": "/etc/virhai-job", "readOnly": true }),
        json!({ "name": "state", "mountPath": STATE }),
        json!({ "name": "tmp", "mountPath": "/tmp" }),
    ];
    // Values of secrets are in the cluster's own store, by the name of the job.
    let secret = |key: &str| json!({ "secretKeyRef": { "name": name, "key": key } });
    let mut variables = vec![
        json!({ "name": "STATE_DIRECTORY", "value": STATE }),
        json!({ "name": "RUNTIME_DIRECTORY", "value": format!("{STATE}/run") }),
        json!({ "name": "VIRHAI_HISTORY_STORE", "valueFrom": { "secretKeyRef": { "name": name, "key": "history-store", "optional": true } } }),
    ];
    variables.extend(job.environment.iter().map(|key| json!({ "name": key, "valueFrom": secret(key) })));
    if !job.credentials.is_empty() {
        let items: Vec<Value> = job
            .credentials
            .iter()
            .map(|credential| json!({ "key": credential.name, "path": credential.name }))
            .collect();
        volumes.push(json!({ "name": "credentials", "secret": { "secretName": name, "defaultMode": 0o400, "items": items } }));
        mounts.push(json!({ "name": "credentials", "mountPath": CREDENTIALS, "readOnly": true }));
        variables.push(json!({ "name": "CREDENTIALS_DIRECTORY", "value": CREDENTIALS }));
    }
    if !job.writes.is_empty() {
        volumes.push(json!({ "name": "writes", "persistentVolumeClaim": { "claimName": name } }));
    }
    for (at, folder) in job.writes.iter().enumerate() {
        mounts.push(json!({ "name": "writes", "mountPath": folder, "subPath": at.to_string() }));
    }
    let mut words = vec!["virhai".to_owned()];
    words.extend(arguments(export, SCRIPT, "$(JOB_COMPLETION_INDEX)"));
    json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": job.grace.as_secs() + 30,
        "automountServiceAccountToken": false,
        "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": "job",
            "image": export.image,
            "command": words,
            "env": variables,
            "volumeMounts": mounts,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            },
        }],
        "volumes": volumes,
    })
}

/// The controller refuses a zone that is called `UTC` by nobody but itself; the database's name is known everywhere.
fn kubernetes_zone(zone: &str) -> &str {
    if zone == "UTC" { "Etc/UTC" } else { zone }
}
