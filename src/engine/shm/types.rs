//! The tree of types: finds a type's messages, and the lowest type, whatever else waits in the
//! queue.
//!
//! A crit-bit tree (D. J. Bernstein): a branch says in which bit the types below it first differ,
//! counted from the highest; the lower types are to its left. Adding or removing a type changes two words
//! that others can see. Where n types are, a search takes about log2(n) steps, never more
//! than 63.

use super::cells;
use super::commit::{Member, System};
use super::layout::{MOST_UNITS, branch, high, leaf, low, pair, queue};
use super::memory::{Fault, Memory};

/// In a reference: it is a branch, not a leaf.
const BRANCH: u32 = 1 << 31;
/// More steps than any tree has.
const MOST_STEPS: usize = 64;

// The rest of a reference is a unit.
const _: () = assert!(MOST_UNITS <= BRANCH as u64);

/// The branches on the way from the root to a leaf. A change alters the tree once at most, so what is
/// read on the way is what stands there.
struct Way {
    /// The branches, and whether the way goes to the right there.
    branches: [(u32, bool); MOST_STEPS],
    steps: usize,
    /// The leaf; 0 where the tree is empty, or damaged.
    leaf: u32,
}

impl Way {
    /// The way that `mtype` takes.
    fn of<M: Memory, S: System>(
        member: &Member<'_, M, S>,
        at: usize,
        mtype: i64,
    ) -> Result<Way, Fault> {
        let memory = member.memory;
        let mut way = Way { branches: [(0, false); MOST_STEPS], steps: 0, leaf: 0 };
        let mut node = memory.load(at + queue::TYPES)? as u32;
        while node & BRANCH != 0 {
            let branch = memory.node(node & !BRANCH)?;
            let right = is_right(mtype, branch.load(branch::BIT));
            *way.branches.get_mut(way.steps).ok_or(Fault::Nonsense)? = (node & !BRANCH, right);
            way.steps += 1;
            let sides = branch.load(branch::SIDES);
            node = if right { low(sides) } else { high(sides) };
        }
        way.leaf = node;
        Ok(way)
    }

    /// The branches, from the root on.
    fn branches(&self) -> &[(u32, bool)] {
        self.branches.get(..self.steps).unwrap_or_default()
    }
}

fn is_right(mtype: i64, bit: u64) -> bool {
    mtype as u64 >> (bit & 63) & 1 == 1
}

/// The leaf of a type, if it has one.
#[inline]
pub fn find<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<Option<u32>, Fault> {
    let mut node = member.memory.load(at + queue::TYPES)? as u32;
    for _ in 0..MOST_STEPS {
        if node == 0 {
            return Ok(None);
        }
        if node & BRANCH == 0 {
            let here = member.memory.load_in(node, leaf::MTYPE)? as i64;
            return Ok((here == mtype).then_some(node));
        }
        let memory = member.memory;
        let branch = memory.node(node & !BRANCH)?;
        let sides = branch.load(branch::SIDES);
        node = if is_right(mtype, branch.load(branch::BIT)) { low(sides) } else { high(sides) };
    }
    Err(Fault::Nonsense)
}

/// The leaf of the lowest type.
#[inline]
pub fn lowest<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
) -> Result<Option<u32>, Fault> {
    let mut node = member.memory.load(at + queue::TYPES)? as u32;
    for _ in 0..MOST_STEPS {
        if node & BRANCH == 0 {
            return Ok((node != 0).then_some(node));
        }
        node = high(member.memory.load_in(node & !BRANCH, branch::SIDES)?);
    }
    Err(Fault::Nonsense)
}

/// Part of a change: puts a leaf for `mtype`, which has none, into the tree.
pub fn add<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<u32, Fault> {
    let way = Way::of(member, at, mtype)?;
    let new = cells::take(member, 0)?;
    member.set_in(new, leaf::MTYPE, mtype as u64)?;
    if way.leaf == 0 && way.steps == 0 {
        member.set(at + queue::TYPES, u64::from(new))?;
        return Ok(new);
    }
    // Any leaf on the way tells the highest bit in which the new type differs from all there.
    let other = member.memory.load_in(way.leaf, leaf::MTYPE)? ^ mtype as u64;
    if other == 0 {
        return Err(Fault::Nonsense);
    }
    let bit = u64::from(63 - other.leading_zeros());
    // The branch belongs above the first that asks for a lower bit.
    let memory = member.memory;
    let mut above = 0;
    for (branch, _) in way.branches() {
        if memory.load_in(*branch, branch::BIT)? < bit {
            break;
        }
        above += 1;
    }
    let below = match way.branches().get(above) {
        Some((branch, _)) => *branch | BRANCH,
        None => way.leaf,
    };
    let split = cells::take(member, 0)?;
    member.set_in(split, branch::BIT, bit)?;
    let sides = if is_right(mtype, bit) { pair(below, new) } else { pair(new, below) };
    member.set_in(split, branch::SIDES, sides)?;
    replace(member, at, way.branches().get(..above).unwrap_or_default(), split | BRANCH)?;
    Ok(new)
}

/// Part of a change: takes the leaf of `mtype`, which is not the only one, out of the tree.
pub fn remove<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<(), Fault> {
    let way = Way::of(member, at, mtype)?;
    if member.memory.load_in(way.leaf, leaf::MTYPE)? != mtype as u64 {
        return Err(Fault::Nonsense);
    }
    // The last leaf stays in an empty queue.
    let ((branch, right), above) = way.branches().split_last().ok_or(Fault::Nonsense)?;
    let sides = member.memory.load_in(*branch, branch::SIDES)?;
    let other = if *right { high(sides) } else { low(sides) };
    replace(member, at, above, other)?;
    cells::put_back(member, 0, *branch)?;
    cells::put_back(member, 0, way.leaf)
}

/// Part of a change: puts a node at the end of a way.
fn replace<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    way: &[(u32, bool)],
    node: u32,
) -> Result<(), Fault> {
    let Some((branch, right)) = way.last() else {
        return member.set(at + queue::TYPES, u64::from(node));
    };
    let sides = member.memory.load_in(*branch, branch::SIDES)?;
    let sides = if *right { pair(high(sides), node) } else { pair(node, low(sides)) };
    member.set_in(*branch, branch::SIDES, sides)
}
