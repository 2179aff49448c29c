//! The XML of a backup, from options.

use rhai::Dynamic;

use crate::api::parts;
use crate::error::{Error, Result};
use crate::lang::options::{OptionTable, Parsed, boolean, int, text, word};
use crate::xml::{Document, Node};

static DISK: OptionTable = OptionTable {
    function: "a disk of Domain.backup_begin",
    options: &[
        text("name", "Its target (vda)."),
        boolean("backup", "False leaves it out."),
        text("target", "The file or device to write to.").alias("file"),
        text("scratch", "Of a pull backup: the file or device for what the guest overwrites meanwhile."),
        text("format", "The format of the target or scratch file.").alias("driver"),
        word("type", &["file", "block"], "What `target` or `scratch` names."),
        word("backupmode", &["full", "incremental"], "Everything, or what changed."),
        text("incremental", "The checkpoint since which its changes are wanted."),
        text("exportname", "Of a pull backup: its name at the server."),
        text("exportbitmap", "Of a pull backup: the name of its changes at the server."),
    ],
};

static SERVER: OptionTable = OptionTable {
    function: "the server of Domain.backup_begin",
    options: &[
        word("transport", &["unix", "tcp"], "How it is reached."),
        text("socket", "The path of its socket."),
        text("host", "The address that it listens on.").alias("name"),
        int("port", "The port that it listens on."),
        boolean("tls", "Clients must use TLS."),
    ],
};

/// True where the XML is that of a pull backup.
pub(super) fn is_pull(xml: &str) -> bool {
    let mode = Document::parse(xml).and_then(|document| document.text_at("@mode"));
    mode.is_ok_and(|mode| mode.as_deref() == Some("pull"))
}

/// Describes a backup.
pub(super) fn of(options: &Parsed) -> Result<String> {
    let server = options.get_any("server")?;
    // Only a pull backup has a server.
    let implied = server.is_some().then(|| "pull".to_owned());
    let mode = options.get_text("mode")?.or(implied).unwrap_or_else(|| "push".into());
    let is_pull = mode == "pull";
    if !is_pull && server.is_some() {
        return Err(Error::usage("a push backup has no server").hint("leave `mode` out, or say \"pull\""));
    }
    let xml = Document::parse("<domainbackup/>")?;
    xml.set("@mode", &mode)?;
    if let Some(since) = options.get_text("incremental")? {
        xml.set("incremental", &since)?;
    }
    if let Some(server) = server {
        add_server(&xml, &server_of(server)?)?;
    }
    let disks = parts::read(options, "disks", &DISK)?;
    if !disks.is_empty() {
        let list = xml.add("<disks/>")?;
        for disk in disks {
            add_disk(&list, &disk, is_pull)?;
        }
    }
    Ok(xml.to_string())
}

fn add_disk(list: &Node, disk: &Parsed, is_pull: bool) -> Result<()> {
    let element = list.add("<disk/>")?;
    parts::write(disk, &element, &[("name", "@name")])?;
    if disk.get_bool("backup")? == Some(false) {
        return element.set("@backup", "no");
    }
    let (own, other) = if is_pull { ("scratch", "target") } else { ("target", "scratch") };
    if disk.has(other) {
        let mode = if is_pull { "pull" } else { "push" };
        return Err(Error::usage(format!("a disk of a {mode} backup has no `{other}`"))
            .hint(format!("it has `{own}`")));
    }
    // libvirt's schema wants it.
    element.set("@type", &disk.get_text("type")?.unwrap_or_else(|| "file".into()))?;
    let source = parts::source_place(disk, own)?;
    let places = [
        ("backupmode", "@backupmode"),
        ("incremental", "@incremental"),
        ("exportname", "@exportname"),
        ("exportbitmap", "@exportbitmap"),
        (own, source.as_str()),
    ];
    parts::write(disk, &element, &places)?;
    if let Some(format) = disk.get_text("format")? {
        element.set("driver/@type", &format)?;
    }
    Ok(())
}

/// Reads `unix:/path`, `tcp:host:port`, or a map.
fn server_of(server: Dynamic) -> Result<Parsed> {
    let Ok(text) = server.as_immutable_string_ref().map(|text| text.to_string()) else {
        return parts::read_one(server, &SERVER);
    };
    let map = match text.split_once(':') {
        Some(("unix", path)) => {
            [("transport", Dynamic::from("unix".to_owned())), ("socket", path.to_owned().into())].to_vec()
        }
        Some(("tcp", address)) => {
            let (host, port) = address.rsplit_once(':').unwrap_or((address, "10809"));
            let port: i64 = port.parse().map_err(|_| wrong_server(&text))?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let host: Dynamic = if host.is_empty() { Dynamic::UNIT } else { host.to_owned().into() };
            [("transport", Dynamic::from("tcp".to_owned())), ("host", host), ("port", port.into())].to_vec()
        }
        _ => return Err(wrong_server(&text)),
    };
    SERVER.read(map.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn wrong_server(text: &str) -> Error {
    Error::usage(format!("{text:?} is not a server"))
        .hint("for example \"unix:/run/backup.sock\" or \"tcp:localhost:10809\"")
}

fn add_server(xml: &Document, server: &Parsed) -> Result<()> {
    let element = xml.add("<server/>")?;
    let implied = if server.has("socket") { "unix" } else { "tcp" };
    element.set("@transport", &server.get_text("transport")?.unwrap_or_else(|| implied.into()))?;
    parts::write(server, &element, &[("socket", "@socket"), ("host", "@name")])?;
    if let Some(port) = server.get_int("port")? {
        let port = u16::try_from(port).map_err(|_| Error::usage(format!("{port} is not a port")))?;
        element.set("@port", &port.to_string())?;
    }
    if server.get_bool("tls")? == Some(true) {
        element.set("@tls", "yes")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(options: &str) -> Result<Document> {
        let map = rhai::Engine::new().eval(options).expect(options);
        Document::parse(&of(&super::super::BEGIN.read(map)?)?)
    }

    fn at(xml: &Document, path: &str) -> String {
        xml.text_at(path).unwrap().unwrap_or_default()
    }

    #[test]
    fn a_push_backup_has_targets() {
        let push = xml("#{ incremental: `c1`, disks: [
            #{ name: `vda`, target: `/b&w`, format: `raw` }, #{ name: `vdb`, backup: false }, `vdc,target=/c` ] }")
        .unwrap();
        assert_eq!(at(&push, "@mode"), "push");
        assert_eq!(at(&push, "incremental"), "c1");
        assert_eq!(at(&push, "disks/disk[@name='vda']/target/@file"), "/b&w");
        assert_eq!(at(&push, "disks/disk[@name='vda']/driver/@type"), "raw");
        assert_eq!(at(&push, "disks/disk[@name='vdb']/@backup"), "no");
        assert_eq!(at(&push, "disks/disk[@name='vdc']/@type"), "file");
        assert!(!is_pull(&push.to_string()));
    }

    #[test]
    fn a_pull_backup_has_a_server() {
        let pull = xml("#{ server: `unix:/s`, disks: [
            #{ name: `vda`, type: `block`, scratch: `/dev/x`, exportname: `a`, exportbitmap: `b` }] }")
        .unwrap();
        assert!(is_pull(&pull.to_string()));
        assert_eq!(at(&pull, "server/@socket"), "/s");
        assert_eq!(at(&pull, "disks/disk/scratch/@dev"), "/dev/x");
        assert_eq!(at(&pull, "disks/disk/@exportbitmap"), "b");
        for (server, expected) in [
            ("`tcp:localhost:99`", ("tcp", "localhost", "99")),
            ("`tcp:[::1]:99`", ("tcp", "::1", "99")),
            ("`tcp:h`", ("tcp", "h", "10809")),
            ("#{ host: `h`, port: 7 }", ("tcp", "h", "7")),
        ] {
            let pull = xml(&format!("#{{ server: {server} }}")).unwrap();
            let got = (at(&pull, "server/@transport"), at(&pull, "server/@name"), at(&pull, "server/@port"));
            assert_eq!((got.0.as_str(), got.1.as_str(), got.2.as_str()), expected, "{server}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for wrong in [
            "#{ mode: `push`, server: `unix:/s` }",
            "#{ server: `/s` }",
            "#{ server: #{ port: 70000 } }",
            "#{ disks: [#{ name: `vda`, scratch: `/s` }] }",
            "#{ mode: `pull`, disks: [#{ name: `vda`, target: `/s` }] }",
            "#{ disks: [#{ name: `vda`, targt: `/s` }] }",
        ] {
            assert_eq!(xml(wrong).unwrap_err().code(), "usage", "{wrong}");
        }
    }
}
