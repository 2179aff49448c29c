//! The options of `migrate`: libvirt's flags and parameters, with virsh's words beside them.

use std::ffi::CStr;
use std::time::Duration;

use rhai::{Array, Dynamic};

use crate::api::{definition_text, params};
use crate::error::{Error, Result};
use crate::lang::options::{OptionTable, Parsed, any, boolean, duration, flag, int, size, text};
use crate::libvirt::{Escort, Late, MigrateOptions, Params, Value, sys};

/// libvirt takes speeds in these.
const MIB: u64 = 1 << 20;

const TEXTS: &str = "an array of texts, or one text with commas";

pub(super) static MIGRATE: OptionTable = OptionTable {
    function: "Domain.migrate",
    options: &[
        flag("live", sys::VIR_MIGRATE_LIVE, "The guest runs on meanwhile; without it, it is paused."),
        flag("offline", sys::VIR_MIGRATE_OFFLINE, "Moves the definition of a guest that is off."),
        flag("persistent", sys::VIR_MIGRATE_PERSIST_DEST, "The destination keeps the definition.")
            .alias("persist_dest"),
        flag("undefinesource", sys::VIR_MIGRATE_UNDEFINE_SOURCE, "This host forgets the definition.")
            .alias("undefine_source"),
        flag("suspend", sys::VIR_MIGRATE_PAUSED, "Leaves the guest paused at the destination.")
            .alias("paused"),
        flag("p2p", sys::VIR_MIGRATE_PEER2PEER, "This host itself connects to the destination.")
            .alias("peer2peer"),
        boolean("direct", "To a URI of the hypervisor: it moves the guest itself, without libvirt there."),
        flag(
            "tunnelled",
            sys::VIR_MIGRATE_TUNNELLED | sys::VIR_MIGRATE_PEER2PEER,
            "Sends the data through libvirt's connection; implies p2p.",
        )
        .alias("tunneled"),
        flag("copy_storage_all", sys::VIR_MIGRATE_NON_SHARED_DISK, "Copies the disks too.")
            .alias("non_shared_disk"),
        flag(
            "copy_storage_inc",
            sys::VIR_MIGRATE_NON_SHARED_INC,
            "Copies the top layer of each disk; the layers below are there already.",
        )
        .alias("non_shared_inc"),
        flag(
            "copy_storage_synchronous_writes",
            sys::VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES,
            "The guest's writes wait until they are at the destination too, so that copying ends.",
        )
        .alias("non_shared_synchronous_writes"),
        flag(
            "change_protection",
            sys::VIR_MIGRATE_CHANGE_PROTECTION,
            "Nobody may change the guest meanwhile.",
        ),
        flag("unsafe", sys::VIR_MIGRATE_UNSAFE, "Does it even where data may be lost, as with cached disks."),
        flag("compressed", sys::VIR_MIGRATE_COMPRESSED, "Compresses the memory on its way."),
        flag(
            "auto_converge",
            sys::VIR_MIGRATE_AUTO_CONVERGE,
            "Slows the guest down until the end is reached.",
        ),
        flag("rdma_pin_all", sys::VIR_MIGRATE_RDMA_PIN_ALL, "With RDMA: pins all memory at once."),
        flag("abort_on_error", sys::VIR_MIGRATE_ABORT_ON_ERROR, "Aborts it when the guest has an I/O error."),
        flag("postcopy", sys::VIR_MIGRATE_POSTCOPY, "Allows post-copy: see migrate_start_post_copy()."),
        flag(
            "postcopy_resume",
            sys::VIR_MIGRATE_POSTCOPY_RESUME,
            "Goes on with a broken post-copy migration.",
        ),
        flag("tls", sys::VIR_MIGRATE_TLS, "Encrypts the data on its way."),
        flag("parallel", sys::VIR_MIGRATE_PARALLEL, "Uses several connections."),
        flag("zerocopy", sys::VIR_MIGRATE_ZEROCOPY, "With parallel: sends without copying in memory first."),
        text("migrateuri", "The address for the data, such as tcp://10.0.0.2.").alias("migrate_uri"),
        text("dname", "The guest's new name at the destination.").alias("destination_name"),
        any("xml", "The definition at the destination, as text or document.").alias("destination_xml"),
        any("persistent_xml", "The stored definition at the destination, as text or document."),
        size("bandwidth", "Bytes a second that it may send, rounded up to MiB; 0 is no limit."),
        size("postcopy_bandwidth", "Bytes a second in the post-copy phase, rounded up to MiB.")
            .alias("bandwidth_postcopy"),
        size(
            "available_switchover_bandwidth",
            "Bytes a second at its end, for the estimate (libvirt 11.1.0).",
        )
        .alias("bandwidth_avail_switchover"),
        text("graphicsuri", "Where viewers find the guest afterwards.").alias("graphics_uri"),
        text("listen_address", "The address at which the destination listens for the data."),
        any("migrate_disks", "The targets of the disks to copy: an array of texts, or one text with commas."),
        any("migrate_disks_detect_zeroes", "Disks whose zeroes are not sent (libvirt 10.9.0)."),
        any("migrate_disks_target_zero", "Disks that are zero at the destination already (libvirt 11.7.0)."),
        int("disks_port", "The port for the disks at the destination."),
        text("disks_uri", "The address for the disks, such as unix:///run/disks."),
        any("comp_methods", "Kinds of compression: xbzrle, mt, zlib, zstd.").alias("compression"),
        int("comp_mt_level", "Level of the compression mt, 0 to 9.").alias("compression_mt_level"),
        int("comp_mt_threads", "Threads of the compression mt.").alias("compression_mt_threads"),
        int("comp_mt_dthreads", "Threads at the destination for the compression mt.")
            .alias("compression_mt_dthreads"),
        size("comp_xbzrle_cache", "Bytes that the compression xbzrle keeps.")
            .alias("compression_xbzrle_cache"),
        int("comp_zlib_level", "Level of the compression zlib (libvirt 9.4.0).")
            .alias("compression_zlib_level"),
        int("comp_zstd_level", "Level of the compression zstd (libvirt 9.4.0).")
            .alias("compression_zstd_level"),
        int("auto_converge_initial", "Percent by which auto_converge slows the guest down first."),
        int("auto_converge_increment", "Percent by which it slows it down more each time."),
        int("parallel_connections", "How many connections, with parallel."),
        text("tls_destination", "The name in the destination's certificate, where it is not its host name."),
        duration("timeout", "After this time the guest is suspended, unless one of the next three is given."),
        boolean("timeout_suspend", "After the timeout the guest is suspended, so that the end is reached."),
        boolean("timeout_postcopy", "After the timeout the migration changes to post-copy."),
        boolean("timeout_abort", "After the timeout the migration is aborted."),
        boolean("postcopy_after_precopy", "Changes to post-copy as soon as all memory was sent once."),
    ],
};

/// How an option becomes a parameter of libvirt.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// a definition, as text or document
    Xml,
    /// a size in bytes
    Bytes,
    /// bytes a second that libvirt takes in MiB
    Speed,
    Int,
    /// a parameter for each text
    Texts,
}

const PARAMS: &[(&str, &CStr, Form)] = &[
    ("migrateuri", sys::VIR_MIGRATE_PARAM_URI, Form::Text),
    ("dname", sys::VIR_MIGRATE_PARAM_DEST_NAME, Form::Text),
    ("xml", sys::VIR_MIGRATE_PARAM_DEST_XML, Form::Xml),
    ("persistent_xml", sys::VIR_MIGRATE_PARAM_PERSIST_XML, Form::Xml),
    ("bandwidth", sys::VIR_MIGRATE_PARAM_BANDWIDTH, Form::Speed),
    ("postcopy_bandwidth", sys::VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, Form::Speed),
    ("available_switchover_bandwidth", sys::VIR_MIGRATE_PARAM_BANDWIDTH_AVAIL_SWITCHOVER, Form::Speed),
    ("graphicsuri", sys::VIR_MIGRATE_PARAM_GRAPHICS_URI, Form::Text),
    ("listen_address", sys::VIR_MIGRATE_PARAM_LISTEN_ADDRESS, Form::Text),
    ("migrate_disks", sys::VIR_MIGRATE_PARAM_MIGRATE_DISKS, Form::Texts),
    ("migrate_disks_detect_zeroes", sys::VIR_MIGRATE_PARAM_MIGRATE_DISKS_DETECT_ZEROES, Form::Texts),
    ("migrate_disks_target_zero", sys::VIR_MIGRATE_PARAM_MIGRATE_DISKS_TARGET_ZERO, Form::Texts),
    ("disks_port", sys::VIR_MIGRATE_PARAM_DISKS_PORT, Form::Int),
    ("disks_uri", sys::VIR_MIGRATE_PARAM_DISKS_URI, Form::Text),
    ("comp_methods", sys::VIR_MIGRATE_PARAM_COMPRESSION, Form::Texts),
    ("comp_mt_level", sys::VIR_MIGRATE_PARAM_COMPRESSION_MT_LEVEL, Form::Int),
    ("comp_mt_threads", sys::VIR_MIGRATE_PARAM_COMPRESSION_MT_THREADS, Form::Int),
    ("comp_mt_dthreads", sys::VIR_MIGRATE_PARAM_COMPRESSION_MT_DTHREADS, Form::Int),
    ("comp_xbzrle_cache", sys::VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE, Form::Bytes),
    ("comp_zlib_level", sys::VIR_MIGRATE_PARAM_COMPRESSION_ZLIB_LEVEL, Form::Int),
    ("comp_zstd_level", sys::VIR_MIGRATE_PARAM_COMPRESSION_ZSTD_LEVEL, Form::Int),
    ("auto_converge_initial", sys::VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, Form::Int),
    ("auto_converge_increment", sys::VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, Form::Int),
    ("parallel_connections", sys::VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, Form::Int),
    ("tls_destination", sys::VIR_MIGRATE_PARAM_TLS_DESTINATION, Form::Text),
];

/// What the wrapper takes.
pub(super) fn migrate_options(options: &Parsed) -> Result<MigrateOptions> {
    let mut params = Params::new();
    for (option, name, form) in PARAMS {
        for value in values(options, option, *form)? {
            params.push((name.to_string_lossy().into_owned(), value));
        }
    }
    Ok(MigrateOptions { params, flags: options.flags(), escort: escort(options)? })
}

fn values(options: &Parsed, option: &'static str, form: Form) -> Result<Vec<Value>> {
    Ok(match form {
        Form::Text => options.get_text(option)?.into_iter().map(Value::String).collect(),
        Form::Xml => {
            let definition = options.get_any(option)?.as_ref().map(definition_text).transpose()?;
            definition.into_iter().map(Value::String).collect()
        }
        Form::Bytes => options.get_size(option)?.into_iter().map(Value::ULLong).collect(),
        Form::Speed => {
            options.get_size(option)?.map(|bytes| Value::ULLong(bytes.div_ceil(MIB))).into_iter().collect()
        }
        Form::Int => match options.get_int(option)? {
            Some(number) => vec![params::int(option, number)?],
            None => Vec::new(),
        },
        Form::Texts => match options.get_any(option)? {
            Some(given) => texts(option, given)?.into_iter().map(Value::String).collect(),
            None => Vec::new(),
        },
    })
}

/// Reads an array of texts, or one text with commas as virsh takes it.
fn texts(option: &str, given: Dynamic) -> Result<Vec<String>> {
    let wrong =
        |what: &str| Error::usage(format!("option `{option}` of Domain.migrate wants {TEXTS}, not {what}"));
    let split = |text: String| {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    match given.try_cast_result::<Array>() {
        Ok(array) => array.into_iter().map(|item| item.into_string().map_err(&wrong)).collect(),
        Err(given) => given.into_string().map(split).map_err(wrong),
    }
}

fn escort(options: &Parsed) -> Result<Escort> {
    let chosen: Vec<_> = LATE.iter().filter(|(name, _)| options.flag(name)).collect();
    let timeout = options.get_duration("timeout")?;
    if chosen.len() > 1 {
        return Err(Error::usage(format!("`{}` and `{}` exclude each other", chosen[0].0, chosen[1].0)));
    }
    if let ([(name, _)], None) = (chosen.as_slice(), timeout) {
        return Err(Error::usage(format!("`{name}` needs `timeout`, the time after which it happens")));
    }
    let late = chosen.first().map_or(Late::Suspend, |(_, late)| *late);
    let post_copy_after_pre_copy = options.flag("postcopy_after_precopy");
    if (post_copy_after_pre_copy || late == Late::PostCopy) && !options.flag("postcopy") {
        return Err(Error::usage("changing to post-copy has to be allowed from the beginning")
            .hint("add `postcopy: true` to the options"));
    }
    let time = timeout.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    Ok(Escort { late: time.map(|time| (time, late)), post_copy_after_pre_copy })
}

const LATE: &[(&str, Late)] = &[
    ("timeout_suspend", Late::Suspend),
    ("timeout_postcopy", Late::PostCopy),
    ("timeout_abort", Late::Abort),
];

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Engine;

    fn read(map: &str) -> Result<MigrateOptions> {
        let map = Engine::new().eval(map).expect(map);
        migrate_options(&MIGRATE.read(map)?)
    }

    #[test]
    fn every_parameter_belongs_to_an_option() {
        for (option, ..) in PARAMS {
            assert!(MIGRATE.options.iter().any(|spec| spec.name == *option), "{option}");
        }
        assert!(MIGRATE.options.iter().all(|spec| !spec.doc.is_empty()));
    }

    #[test]
    fn sizes_become_what_libvirt_takes_and_lists_one_parameter_each() {
        let given = read(
            r#"#{ live: true, tunneled: true, bandwidth: "100MiB", postcopy_bandwidth: 1, comp_xbzrle_cache: "1MiB",
                  migrate_disks: "vda, vdb", comp_methods: ["xbzrle", "mt"], disks_port: 49152, migrateuri: "tcp://x" }"#,
        )
        .unwrap();
        assert_eq!(
            given.flags,
            sys::VIR_MIGRATE_LIVE | sys::VIR_MIGRATE_TUNNELLED | sys::VIR_MIGRATE_PEER2PEER
        );
        let text = |name: &str, text: &str| (name.to_owned(), Value::String(text.to_owned()));
        assert_eq!(
            given.params,
            [
                text("migrate_uri", "tcp://x"),
                ("bandwidth".into(), Value::ULLong(100)),
                ("bandwidth.postcopy".into(), Value::ULLong(1)),
                text("migrate_disks", "vda"),
                text("migrate_disks", "vdb"),
                ("disks_port".into(), Value::Int(49152)),
                text("compression", "xbzrle"),
                text("compression", "mt"),
                ("compression.xbzrle.cache".into(), Value::ULLong(1 << 20)),
            ]
        );
    }

    #[test]
    fn a_timeout_suspends_unless_something_else_is_wanted() {
        let late = |map: &str| read(map).unwrap().escort.late;
        assert_eq!(late("#{}"), None);
        assert_eq!(late("#{ timeout: 5 }"), Some((Duration::from_secs(5), Late::Suspend)));
        let abort = late(r#"#{ timeout: "1m", timeout_abort: true }"#);
        assert_eq!(abort, Some((Duration::from_secs(60), Late::Abort)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_a_reason() {
        let refused = |map: &str| read(map).unwrap_err().to_string();
        assert!(refused("#{ timeout_suspend: true }").contains("needs `timeout`"));
        assert!(
            refused("#{ timeout: 1, timeout_suspend: true, timeout_abort: true }")
                .contains("exclude each other")
        );
        let error = read("#{ postcopy_after_precopy: true }").unwrap_err();
        assert!(error.facts().hint.as_deref().unwrap().contains("postcopy: true"));
        assert!(refused("#{ migrate_disks: 5 }").contains("an array of texts"));
        assert!(refused("#{ disks_port: 99999999999 }").contains("32-bit"));
        assert!(refused("#{ livee: true }").contains("no option"));
    }
}
