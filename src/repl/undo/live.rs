//! A running guest as it was: memory, virtual CPUs, title, description and devices.

use super::plan::Plan;
use crate::error::Result;
use crate::libvirt::{Domain, Metadata, sys};
use crate::units::{parse_size, size_text};
use crate::xml::{Document, Node, Value};

const LIVE: u32 = sys::VIR_DOMAIN_AFFECT_LIVE;

/// Adds what makes the running guest what it was.
pub(super) fn add(plan: &mut Plan, guest: &Domain, was: &Document, is: &Document) -> Result<()> {
    if was == is {
        return Ok(());
    }
    let before = plan.step_count();
    memory(plan, guest, was, is)?;
    vcpus(plan, guest, was, is)?;
    texts(plan, guest, was, is)?;
    devices(plan, guest, was, is)?;
    if plan.step_count() == before {
        plan.remark("the running guest keeps what was set until it is started anew");
    }
    Ok(())
}

fn memory(plan: &mut Plan, guest: &Domain, was: &Document, is: &Document) -> Result<()> {
    let (old, new) = (current_memory(was)?, current_memory(is)?);
    if let (Some(old), Some(new)) = (old, new)
        && old != new
    {
        let text = |bytes: u64| size_text(i64::try_from(bytes).unwrap_or(i64::MAX));
        let guest = guest.clone();
        let line = format!("the memory of the running guest: {} → {}", text(new), text(old));
        plan.add(line, move || guest.set_memory(old, LIVE));
    }
    Ok(())
}

fn current_memory(document: &Document) -> Result<Option<u64>> {
    let unit = document.text_at("currentMemory/@unit")?.unwrap_or_else(|| "KiB".into());
    let Some(number) = document.text_at("currentMemory")? else { return Ok(None) };
    parse_size(&format!("{} {unit}", number.trim())).map(Some)
}

fn vcpus(plan: &mut Plan, guest: &Domain, was: &Document, is: &Document) -> Result<()> {
    let (old, new) = (current_vcpus(was)?, current_vcpus(is)?);
    if let (Some(old), Some(new)) = (old, new)
        && old != new
    {
        let guest = guest.clone();
        let line = format!("the virtual CPUs of the running guest: {new} → {old}");
        plan.add(line, move || guest.set_vcpus(old, LIVE));
    }
    Ok(())
}

fn current_vcpus(document: &Document) -> Result<Option<u32>> {
    let current = document.text_at("vcpu/@current")?;
    let count = if current.is_some() { current } else { document.text_at("vcpu")? };
    Ok(count.and_then(|count| count.trim().parse().ok()))
}

fn texts(plan: &mut Plan, guest: &Domain, was: &Document, is: &Document) -> Result<()> {
    for (path, piece) in [("title", Metadata::Title), ("description", Metadata::Description)] {
        let (old, new) = (was.text_at(path)?, is.text_at(path)?);
        if old != new {
            let guest = guest.clone();
            let [from, to] = [&new, &old].map(|text| text.as_deref().unwrap_or("none").to_owned());
            let line = format!("the {path} of the running guest: {from} → {to}");
            plan.add(line, move || guest.set_metadata(&piece, old.as_deref(), None, LIVE));
        }
    }
    Ok(())
}

fn devices(plan: &mut Plan, guest: &Domain, was: &Document, is: &Document) -> Result<()> {
    let (old, new) = (devices_of(was)?, devices_of(is)?);
    let gone: Vec<&Node> = old.iter().filter(|device| !new.contains(device)).collect();
    let mut come: Vec<&Node> = new.iter().filter(|device| !old.contains(device)).collect();
    for device in gone {
        let text = device.to_string();
        let now = come.iter().position(|other| alias(other).is_some() && alias(other) == alias(device));
        let guest = guest.clone();
        if let Some(place) = now {
            come.remove(place);
            let line = format!("{} of the running guest becomes what it was", title(device));
            plan.add(line, move || guest.update_device(&text, LIVE));
        } else {
            plan.add(format!("{} is attached again", title(device)), move || {
                guest.attach_device(&text, LIVE)
            });
        }
    }
    for device in come {
        let (text, guest) = (device.to_string(), guest.clone());
        plan.add(format!("{} is detached again", title(device)), move || guest.detach_device(&text, LIVE));
    }
    Ok(())
}

fn devices_of(document: &Document) -> Result<Vec<Node>> {
    let node = |value| if let Value::Node(node) = value { Some(node) } else { None };
    Ok(document.all("devices/*")?.into_iter().filter_map(node).collect())
}

fn alias(device: &Node) -> Option<String> {
    device.text_at("alias/@name").ok()?
}

/// What a person calls a device: `disk vdb`, `interface 52:54:00:11:22:33`.
fn title(device: &Node) -> String {
    let names = ["target/@dev", "mac/@address", "alias/@name", "@type"];
    let name = names.iter().find_map(|path| device.text_at(path).ok()?).unwrap_or_default();
    format!("{} {name}", device.tag()).trim_end().to_owned()
}
