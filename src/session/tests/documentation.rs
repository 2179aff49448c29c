//! What the documentation of a function has to say, and that a test calls it.

use std::path::Path;

use super::*;
use crate::lang::catalog::{Catalog, Entry, Kind, Overload};
use crate::lang::natives::Docs;
use crate::lang::types::Type;

/// The words of which one stands where a number is a quantity.
const UNITS: &[&str] = &["byte", "kib", "second", "percent", "0 to 100", "pages"];

/// Whose numbers are no quantities: counts, places in a list, what something is called, widths on the screen.
const COUNTS_AND_NAMES: &str = "
    Connection.qemu_attach Domain.add_iothread Domain.del_iothread Domain.emulator_pin_info Domain.exec_start
    Domain.exec_status Domain.fs_thaw Domain.max_vcpus Domain.open_graphics Domain.pin_iothread Domain.pin_vcpu
    Domain.send_process_signal Domain.set_vcpus Domain.snapshot_num Domain.vcpu_count Domain.vcpus
    DomainSnapshot.num_children Host.cpus Host.max_vcpus StoragePool.num_of_volumes Table.len Table[]
    XmlDocument.remove XmlNode.remove exit os::cpuid os::pid vsh::count vsh::fields vsh::fixed vsh::fs_freeze vsh::fs_thaw
    vsh::progress vsh::screenshot vsh::send_process_signal";

/// What cannot fail, or only as everything can: the object is gone, the connection is lost, there is no such option
/// (`help errors`).
const NEVER_REFUSED: &str = "
    Connection.counts Connection.domains Connection.driver Connection.host Connection.hostname Connection.interfaces
    Connection.is_alive Connection.is_encrypted Connection.is_open Connection.is_readonly Connection.is_secure
    Connection.lib_version Connection.networks Connection.pools Connection.uri Connection.version
    Domain.blockstat Domain.checkpoints Domain.cpustat Domain.diff Domain.memstat Domain.netstat
    Domain.snapshot_num Domain.snapshots
    DomainCheckpoint.children DomainSnapshot.children DomainSnapshot.has_metadata DomainSnapshot.num_children
    Host.blockstat Host.capabilities Host.cpus Host.driver Host.hostname Host.info Host.memory Host.memstat Host.netstat
    Host.uri Host.version
    SecretValue.blob SecretValue.len StoragePool.info
    Table.columns Table.is_empty Table.len Table.reverse Table.rows
    XmlDocument.clone_doc XmlDocument.diff_text XmlDocument.root
    XmlNode.attr XmlNode.attributes XmlNode.children XmlNode.diff_text XmlNode.parent XmlNode.tag XmlNode.text
    UndoSteps.take UndoSteps.undo
    args args::parse args::refuse attempt conn env eprint error event_kinds for_each libvirt_version nearest output_format
    script_doc size_text to_json xml_escape
    fs::base_name fs::exists fs::extension fs::is_block_device fs::is_dir fs::is_file fs::join fs::parent
    maintain::report maintain::troubles os::pid os::platform os::process os::quote os::user provision::as_table table::count_by table::group_by
    table::sum_by time::now undo_steps
    validate::kvm_verdict validate::report validate::status validate::summary validate::virt_host_validate";

/// What every type of handle has, and what cannot fail there.
const OF_EVERY_TYPE: &[&str] = &["to_string", "to_debug", "connection", "close"];

fn whole_catalog() -> Catalog {
    catalog(&bare_engine(Docs::Kept))
}

/// The entries that are ours.
fn ours(catalog: &Catalog) -> impl Iterator<Item = &Entry> {
    catalog.entries().iter().filter(|entry| entry.origin != Origin::Rhai)
}

/// The names of a list that are not excused, and those that are excused without need.
fn beside(found: &BTreeSet<String>, excused: &str) -> (Vec<String>, Vec<String>) {
    let excused: BTreeSet<String> = excused.split_ascii_whitespace().map(str::to_owned).collect();
    (found.difference(&excused).cloned().collect(), excused.difference(found).cloned().collect())
}

fn is_number(type_: &Type) -> bool {
    match type_ {
        Type::Int | Type::Float => true,
        Type::Array(element) => is_number(element),
        _ => false,
    }
}

fn has_numbers(entry: &Entry) -> bool {
    let mut types = entry
        .overloads
        .iter()
        .flat_map(|form| form.params.iter().map(|param| &param.type_).chain(std::iter::once(&form.returns)));
    types.any(is_number)
}

/// Everything that is said of an entry, and the names of its parameters.
fn said(entry: &Entry) -> String {
    let forms = entry.overloads.iter().flat_map(|form| {
        let doc = form.doc();
        let names = form.params.iter().map(|param| param.name.clone());
        [vec![doc.summary], doc.details, doc.errors, names.collect()].concat()
    });
    forms.collect::<Vec<_>>().join("\n").to_lowercase()
}

#[test]
fn a_number_says_its_unit_unless_it_counts_or_names() {
    let catalog = whole_catalog();
    let silent = |entry: &&Entry| {
        let said = said(entry);
        has_numbers(entry) && !UNITS.iter().any(|unit| said.contains(unit))
    };
    let found = ours(&catalog).filter(silent).map(Entry::path).collect();
    assert_eq!(beside(&found, COUNTS_AND_NAMES), (vec![], vec![]));
}

#[test]
fn a_function_says_how_it_fails() {
    let catalog = whole_catalog();
    let silent = |entry: &&Entry| {
        let is_called = matches!(entry.kind, Kind::Function | Kind::Method);
        // For the bodies of virsh's commands, which have it from virsh what to say of an error.
        let is_inner = entry.namespace == "vsh" || OF_EVERY_TYPE.contains(&&*entry.name);
        // `domain` of the default connection says to see that of a connection.
        let says = |form: &Overload| {
            let doc = form.doc();
            !doc.errors.is_empty() || doc.details.iter().any(|line| line.starts_with("See `Connection."))
        };
        is_called && !is_inner && !entry.overloads.iter().any(says)
    };
    let found = ours(&catalog).filter(silent).map(Entry::path).collect();
    assert_eq!(beside(&found, NEVER_REFUSED), (vec![], vec![]));
}

/// The text of all tests. The finished scripts and the bodies of virsh's commands are run by theirs.
fn text_of_tests() -> String {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["tests", "scripts", "stdlib/virsh"] {
        add_files(&project.join(folder), &mut |_, file| text.push_str(&file));
    }
    add_files(&project.join("src"), &mut |path, file| {
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        let start = if is_test { Some(0) } else { file.find("#[cfg(test)]\nmod tests") };
        text.push_str(start.map_or("", |start| &file[start..]));
    });
    text
}

fn add_files(folder: &Path, add: &mut impl FnMut(&Path, String)) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            add_files(&path, add);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            add(&path, text);
        }
    }
}

/// Whether a text has a name, behind a full stop where it is a member, and behind colons where it has to be.
fn has_call(text: &str, entry: &Entry) -> bool {
    let (before, after) = match entry.kind {
        Kind::Property { .. } => (".", ""),
        Kind::Method => (".", "("),
        _ if !entry.namespace.is_empty() => ("::", "("),
        _ => ("", "("),
    };
    let call = format!("{before}{}{after}", entry.name);
    let is_part = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
    text.match_indices(&call).any(|(at, _)| {
        let ends = !after.is_empty() || !text[at + call.len()..].starts_with(is_part);
        ends && (!before.is_empty() || !text[..at].ends_with(is_part))
    })
}

#[test]
fn a_test_calls_whatever_scripts_can_call() {
    let (catalog, tests) = (whole_catalog(), text_of_tests());
    let is_untested = |entry: &&Entry| {
        let is_walked = entry.kind == Kind::Index || OF_EVERY_TYPE.contains(&&*entry.name);
        !is_walked && !has_call(&tests, entry)
    };
    let found: Vec<String> = ours(&catalog).filter(is_untested).map(Entry::path).collect();
    assert_eq!(found, Vec::<String>::new());
}
