// Bounds of the wire, checked before anything is allocated from a payload, and the reasons for
// them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bw::wire {

// A box with 256 cores and 16 GPUs has about 6,000.
inline constexpr std::size_t kMaxSeries = 14848;
inline constexpr std::size_t kMaxLabels = 32;     // of a series, node or event
inline constexpr std::size_t kMaxText = 1024;     // bytes of any one string
inline constexpr std::size_t kMaxRows = 600;      // of a block: a minute at 10 Hz
inline constexpr std::size_t kMaxAckEpochs = 16;  // of one Ack
inline constexpr std::size_t kMaxCapabilities = 64;
inline constexpr std::size_t kMaxColumnBytes = 8U << 20;  // a block's columns
// Rows times columns of a block: what surely fits into kMaxColumnBytes, however little it
// compresses.
inline constexpr std::size_t kMaxBlockValues = 800'000;

// Times on the wire: from 1970 to 2200. A clock beyond is broken, and sums with its times overflow.
inline constexpr std::int64_t kMinTimeMs = 0;
inline constexpr std::int64_t kMaxTimeMs = 7'258'118'400'000;

// No longer than that are nodes silenced: a year.
inline constexpr std::uint64_t kMaxSilenceMs = 366ULL * 86400 * 1000;

// Of what should run on a node, and what does.
inline constexpr std::size_t kMaxAssignments = 256;
inline constexpr std::size_t kMaxReported = 2 * kMaxAssignments;  // and those that are to end yet
inline constexpr std::size_t kMaxArguments = 256;                 // of one command
inline constexpr std::size_t kMaxArgument = 4096;    // bytes; a path, a variable's value likewise
inline constexpr std::size_t kMaxEnvironment = 256;  // variables
inline constexpr std::size_t kMaxAssignedGpus = 64;
inline constexpr std::size_t kMaxReportLines = 16;                      // of a log, the last ones
inline constexpr std::size_t kMaxReportLine = 256;                      // bytes
inline constexpr std::size_t kMaxWorkloadName = 64;                     // bytes
inline constexpr std::uint64_t kMaxWorkloadMs = 366ULL * 86400 * 1000;  // any of its spans

// Whole payloads, by what they carry.
inline constexpr std::size_t kMaxSmallPayload = 80U << 10;  // state, event, ack
inline constexpr std::size_t kMaxModelPayload = 4U << 20;
inline constexpr std::size_t kMaxCommandPayload = kMaxModelPayload + (64U << 10);  // and result
inline constexpr std::size_t kMaxTablePayload = 4U << 20;  // birth: kMaxSeries descriptions
inline constexpr std::size_t kMaxLivePayload = 64U << 10;  // kMaxSeries floats and a header
inline constexpr std::size_t kMaxHistoryPayload =
    12U << 20;  // columns and, now and then, a series table

inline constexpr std::size_t kMaxDesiredPayload = 4U << 20;
inline constexpr std::size_t kMaxReportPayload = 4U << 20;

static_assert(kMaxColumnBytes >= kMaxBlockValues * 9 + kMaxSeries * (5 + (kMaxRows + 7) / 8));
// Every text of an event at its bound.
static_assert(kMaxSmallPayload > (2 * kMaxLabels + 2) * (kMaxText + 32));
static_assert(kMaxCommandPayload > kMaxModelPayload + 8 * kMaxText);
static_assert(kMaxLivePayload > kMaxSeries * sizeof(float) + 1024);
// Every state of a report with its lines and texts at their bounds.
static_assert(kMaxReportPayload >
              kMaxReported * (kMaxReportLines * (kMaxReportLine + 12) + 3 * kMaxText + 256));
static_assert(kMaxHistoryPayload >= kMaxColumnBytes + kMaxTablePayload);

}  // namespace bw::wire
