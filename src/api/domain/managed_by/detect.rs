//! Reading the marks of managers in the definition of a guest.

use super::managers::{Instance, MANAGERS, Manager, Mark};
use crate::error::Result;
use crate::xml::{Document, Node, Value};

/// Who manages a guest from above libvirt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct ManagedBy {
    /// What manages it.
    pub(in crate::api) manager: &'static str,
    /// How that calls it.
    pub(in crate::api) instance: String,
    /// What tells so.
    pub(in crate::api) evidence: String,
    /// What should be used to change it.
    pub(in crate::api) tool: &'static str,
}

/// Finds out who manages the guest of a definition; `None` where nothing tells.
pub(in crate::api) fn managed_by(definition: &str) -> Result<Option<ManagedBy>> {
    if may_be_marked(definition) { managed_by_of(&Document::parse(definition)?) } else { Ok(None) }
}

/// Looks whether a mark can be there at all: most definitions have none, and parsing one costs more
/// than many a change.
fn may_be_marked(definition: &str) -> bool {
    let has = |text: &str| text.is_empty() || definition.contains(text);
    let name = definition.split_once("<name>").and_then(|(_, rest)| rest.split_once("</name>"));
    MANAGERS.iter().flat_map(|manager| manager.marks).any(|mark| match *mark {
        Mark::Metadata(beginning) => has(beginning),
        Mark::Sysinfo(maker, product) => has(maker) && has(product),
        Mark::Description(beginning, end) => has(beginning) && has(end),
        Mark::Disk(part) => has(part),
        Mark::Name(pattern) => name.is_some_and(|(name, _)| fits(pattern, name)),
    })
}

/// Does so for a definition that was parsed already.
pub(in crate::api) fn managed_by_of(definition: &Document) -> Result<Option<ManagedBy>> {
    let guest = Guest::read(definition)?;
    let marked = |kind| {
        MANAGERS
            .iter()
            .find(|manager| manager.marks.iter().any(|mark| mark.kind() == kind && guest.has(*mark)))
    };
    // By the kind that tells most first: a name alone could be anybody's.
    Ok((0..Mark::KINDS).find_map(marked).map(|manager| guest.managed_by(manager)))
}

impl Mark {
    const KINDS: usize = 5;

    fn kind(self) -> usize {
        match self {
            Self::Metadata(_) => 0,
            Self::Sysinfo(..) => 1,
            Self::Description(..) => 2,
            Self::Disk(_) => 3,
            Self::Name(_) => 4,
        }
    }
}

/// The parts of a definition that managers mark.
struct Guest {
    name: String,
    description: String,
    maker: String,
    product: String,
    /// The elements in `<metadata>` with their namespaces.
    metadata: Vec<(String, Node)>,
    /// Paths of disks.
    disks: Vec<String>,
}

impl Guest {
    fn read(document: &Document) -> Result<Self> {
        let text = |path: &str| -> Result<String> {
            Ok(document.text_at(path)?.map_or_else(String::new, |text| text.trim().to_owned()))
        };
        let mut metadata = Vec::new();
        for element in document.all("metadata/*")? {
            if let Value::Node(node) = element {
                metadata.extend(namespace(&node).map(|namespace| (namespace, node)));
            }
        }
        let disk = |value: Value| match value {
            Value::Text(path) => Some(path),
            Value::Node(_) => None,
        };
        Ok(Self {
            name: text("name")?,
            description: text("description")?,
            maker: text("sysinfo/system/entry[@name='manufacturer']")?,
            product: text("sysinfo/system/entry[@name='product']")?,
            metadata,
            disks: document.all("devices/disk/source/@file")?.into_iter().filter_map(disk).collect(),
        })
    }

    fn has(&self, mark: Mark) -> bool {
        self.evidence(mark).is_some()
    }

    /// What shows that the guest has the mark.
    fn evidence(&self, mark: Mark) -> Option<String> {
        match mark {
            Mark::Metadata(beginning) => {
                self.element(beginning).map(|(namespace, _)| format!("metadata {namespace}"))
            }
            Mark::Sysinfo(maker, product) => {
                let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
                let machine = format!("sysinfo {} {}", self.maker, self.product);
                (fits(maker, &self.maker) && fits(product, &self.product)).then(|| machine.trim().to_owned())
            }
            Mark::Description(beginning, end) => {
                let rest = self.description.strip_prefix(beginning)?;
                rest.ends_with(end).then(|| format!("description {:?}", self.description))
            }
            Mark::Disk(part) => {
                self.disks.iter().find(|path| path.contains(part)).map(|path| format!("disk {path}"))
            }
            Mark::Name(pattern) => fits(pattern, &self.name).then(|| format!("name {}", self.name)),
        }
    }

    fn element(&self, namespace: &str) -> Option<&(String, Node)> {
        self.metadata.iter().find(|(known, _)| known.starts_with(namespace))
    }

    fn managed_by(&self, manager: &Manager) -> ManagedBy {
        let evidence: Vec<_> = manager.marks.iter().filter_map(|mark| self.evidence(*mark)).collect();
        let mut evidence = evidence;
        evidence.dedup();
        ManagedBy {
            manager: manager.name,
            instance: self
                .instance(manager)
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| self.name.clone()),
            evidence: evidence.join(", "),
            tool: manager.tool,
        }
    }

    /// How the manager calls the guest, where it says so.
    fn instance(&self, manager: &Manager) -> Option<String> {
        match manager.instance {
            Instance::Name => None,
            Instance::After(beginning) => self.name.strip_prefix(beginning).map(str::to_owned),
            Instance::NamespaceAndName => Some(self.name.replacen('_', "/", 1)),
            Instance::InMetadata(tag) => manager.marks.iter().find_map(|mark| {
                let Mark::Metadata(beginning) = mark else { return None };
                let (_, element) = self.element(beginning)?;
                let found = element.children().into_iter().find(|child| local_name(&child.tag()) == tag)?;
                Some(found.text().trim().to_owned())
            }),
            Instance::InDescription => manager.marks.iter().find_map(|mark| {
                let Mark::Description(beginning, _) = mark else { return None };
                self.description.strip_prefix(beginning).map(str::to_owned)
            }),
        }
    }
}

fn local_name(tag: &str) -> &str {
    tag.rsplit(':').next().unwrap_or(tag)
}

/// The namespace that an element is in: that of its prefix, declared on it or around it.
fn namespace(element: &Node) -> Option<String> {
    let tag = element.tag();
    let declaration = match tag.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".into(),
    };
    let mut around = Some(element.clone());
    while let Some(node) = around {
        if let Some(namespace) = node.attr(&declaration) {
            return Some(namespace);
        }
        around = node.parent();
    }
    None
}

/// Whether a name fits a pattern of [`Mark::Name`].
fn fits(pattern: &str, name: &str) -> bool {
    let Some(wanted) = pattern.chars().next() else { return name.is_empty() };
    let rest = &pattern[wanted.len_utf8()..];
    match wanted {
        '%' => {
            let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            digits > 0 && fits(rest, &name[digits..])
        }
        _ => name.chars().next().is_some_and(|c| {
            let same = if wanted == '#' { c.is_ascii_hexdigit() } else { c == wanted };
            same && fits(rest, &name[c.len_utf8()..])
        }),
    }
}
