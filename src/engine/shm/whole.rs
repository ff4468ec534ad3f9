//! Looks whether an arena is whole: every list ends, every count is right, no cell is in two places.

use super::commit::{self, LIVE, YOUNG};
use super::layout::{
    CLASSES, FIRST_FRESH, SLOT_GROUP_UNITS, branch, cell, class_of, class_units, header, high,
    leaf, low, queue, run, slot, word_of,
};
use super::memory::Memory;
use super::registry::{INDEXES, queue_at};
use std::collections::BTreeMap;

/// What an arena is made of, by unit: how many units, and what for.
#[derive(Default)]
struct Inventory(BTreeMap<u64, (u64, String)>);

impl Inventory {
    fn enter(&mut self, unit: u32, units: u64, what: String) -> Result<(), String> {
        match self.0.insert(u64::from(unit), (units, what.clone())) {
            None => Ok(()),
            Some((_, other)) => Err(format!("unit {unit} is {other}, and also {what}")),
        }
    }
}

/// What is wrong with the arena, if anything. With `lost`, up to that many units may be missing.
pub fn look<M: Memory>(memory: M, lost: u64) -> Result<(), String> {
    let load = |index: usize| memory.load(index).map_err(|fault| format!("{index}: {fault:?}"));
    let mut inventory = Inventory::default();
    for group in 0..super::layout::SLOT_GROUPS {
        match load(header::SLOT_GROUPS + group)? {
            0 => break,
            unit => inventory.enter(unit as u32, SLOT_GROUP_UNITS, "slots".into())?,
        }
    }
    for group in 0..super::layout::QUEUE_GROUPS {
        if let unit @ 1.. = load(header::QUEUE_GROUPS + group)? {
            inventory.enter(unit as u32, 128, "queues".into())?;
        }
    }
    for class in 0..CLASSES {
        let free = load(header::FREE + class)? as u32;
        chain(memory, &mut inventory, class, free, None, "free")?;
        for number in 0..load(header::SLOTS)? as u32 {
            let at = commit::slot_at(memory, number).map_err(|fault| format!("{fault:?}"))?;
            let stash = load(at + slot::STASH + class)?;
            let what = format!("at hand of slot {number}");
            chain(memory, &mut inventory, class, high(stash), Some(low(stash)), &what)?;
        }
    }
    for index in 0..INDEXES {
        let at = queue_at(memory, index).map_err(|fault| format!("{fault:?}"))?;
        let Some(at) = at else { break };
        let lock = load(at)?;
        if lock & (LIVE - 1) & !YOUNG != 0 {
            return Err(format!("queue {index} is locked: {lock:#x}"));
        }
        if lock & LIVE != 0 {
            messages(memory, &mut inventory, at)?;
        }
    }
    let fresh = load(header::FRESH)?;
    let (mut next, mut missing) = (super::layout::HEADER_UNITS, 0);
    for (unit, (units, what)) in &inventory.0 {
        if *unit < next {
            return Err(format!("unit {unit}, {what}, is part of what is before it"));
        }
        missing += unit - next;
        next = unit + units;
    }
    missing += fresh.saturating_sub(next);
    if missing > lost || next > fresh.max(FIRST_FRESH) {
        return Err(format!("{missing} units are nowhere; the last ends at {next} of {fresh}"));
    }
    Ok(())
}

fn chain<M: Memory>(
    memory: M,
    inventory: &mut Inventory,
    class: usize,
    first: u32,
    count: Option<u32>,
    what: &str,
) -> Result<(), String> {
    let (mut unit, mut seen) = (first, 0);
    // Behind the last cell at hand there may stand anything.
    while unit != 0 && count.is_none_or(|count| seen < count) {
        inventory.enter(unit, class_units(class), format!("a cell of class {class}, {what}"))?;
        unit = high(memory.load(word_of(unit) + cell::NEXT).map_err(|fault| format!("{fault:?}"))?);
        seen += 1;
    }
    match count {
        Some(count) if count != seen => {
            Err(format!("{seen} cells of class {class} are {what}, not {count}"))
        }
        _ => Ok(()),
    }
}

fn messages<M: Memory>(memory: M, inventory: &mut Inventory, at: usize) -> Result<(), String> {
    let load = |index: usize| memory.load(index).map_err(|fault| format!("{index}: {fault:?}"));
    let (counts, runs) = (load(at + queue::COUNTS)?, load(at + queue::RUNS)?);
    let (mut number, mut bytes) = (0, 0);
    let (mut this, mut before, mut mtype_before) = (high(runs), 0, 0);
    let mut of_type: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    while this != 0 {
        let (ends, around) = (load(word_of(this) + run::ENDS)?, load(word_of(this) + run::AROUND)?);
        let leaf = low(load(word_of(this) + run::KIN)?);
        let mtype = load(word_of(leaf) + leaf::MTYPE)?;
        inventory.enter(this, 1, "a run".into())?;
        of_type.entry(leaf).or_default().push(this);
        if high(around) != before || before != 0 && mtype == mtype_before {
            return Err(format!("run {this} is not behind {before}, or of its type"));
        }
        let mut unit = high(ends);
        while unit != 0 {
            let next = load(word_of(unit) + cell::NEXT)?;
            let size = low(next) as usize;
            let class = class_of(size).ok_or("no class")?;
            inventory.enter(unit, class_units(class), "a message".into())?;
            if load(word_of(unit) + cell::MTYPE)? != mtype {
                return Err(format!("message {unit} is not of type {mtype}"));
            }
            (number, bytes) = (number + 1, bytes + low(next));
            unit = if unit == low(ends) { 0 } else { high(next) };
        }
        (before, mtype_before, this) = (this, mtype, low(around));
    }
    if (number, bytes) != (high(counts), low(counts)) || before != low(runs) {
        return Err(format!("{number} messages of {bytes} bytes; counted {counts:#x}"));
    }
    tree(memory, inventory, load(at + queue::TYPES)? as u32, &mut of_type)?;
    match of_type.is_empty() {
        true => Ok(()),
        false => Err(format!("not in the tree: {of_type:?}")),
    }
}

fn tree<M: Memory>(
    memory: M,
    inventory: &mut Inventory,
    node: u32,
    of_type: &mut BTreeMap<u32, Vec<u32>>,
) -> Result<(), String> {
    let load = |index: usize| memory.load(index).map_err(|fault| format!("{index}: {fault:?}"));
    if node == 0 {
        return Ok(());
    }
    if node >> 31 == 1 {
        let node = node & !(1 << 31);
        inventory.enter(node, 1, "a branch".into())?;
        let sides = load(word_of(node) + branch::SIDES)?;
        tree(memory, inventory, high(sides), of_type)?;
        return tree(memory, inventory, low(sides), of_type);
    }
    inventory.enter(node, 1, "a leaf".into())?;
    let expected = of_type.remove(&node).ok_or(format!("leaf {node} has no run"))?;
    let ends = load(word_of(node) + leaf::RUNS)?;
    let (mut seen, mut this) = (vec![high(ends)], high(ends));
    while this != low(ends) {
        this = high(load(word_of(this) + run::KIN)?);
        seen.push(this);
    }
    match seen == expected {
        true => Ok(()),
        false => Err(format!("the runs of leaf {node} are {expected:?}, and it says {seen:?}")),
    }
}
