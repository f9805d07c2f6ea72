// Holds verified tables to limits.h: every text, list, number and enumeration, before any of them
// is copied. That a series table has the id it is sent under, and columns the block's rows, is left
// to decoding.
#pragma once

namespace bw::fbs {

struct NodeBirth;
struct NodeState;
struct LiveSample;
struct HistoryBlock;
struct Event;
struct CommandResult;
struct Ack;
struct Command;

}  // namespace bw::fbs

namespace bw::wire {

bool in_bounds(const fbs::NodeBirth& in);
bool in_bounds(const fbs::NodeState& in);
bool in_bounds(const fbs::LiveSample& in);
bool in_bounds(const fbs::HistoryBlock& in);
bool in_bounds(const fbs::Event& in);
bool in_bounds(const fbs::CommandResult& in);
bool in_bounds(const fbs::Ack& in);
bool in_bounds(const fbs::Command& in);

}  // namespace bw::wire
