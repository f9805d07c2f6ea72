#include "schemas/wire/packed_column.h"

namespace bw::wire {

namespace {

// Makes of residuals the signed numbers that they stand for.
void undo_sign(const Packed& head, std::span<std::uint64_t> residuals) {
  if (head.sign == Sign::zigzag) {
    for (std::uint64_t& residual : residuals) {
      residual = static_cast<std::uint64_t>(unzigzag(residual));
    }
  } else if (head.sign == Sign::floor) {
    for (std::uint64_t& residual : residuals) residual += head.floor;
  }
}

}  // namespace

std::optional<Packed> read_packed_head(ByteReader& in) {
  const auto form = in.byte();
  const auto parameters = in.byte();
  if (!form || !parameters || (*form & kPackedFree) != 0) return std::nullopt;
  Packed head;
  head.prediction = static_cast<Prediction>(*form & kPredictionMask);
  const unsigned sign = (*form >> kSignShift) & kSignMask;
  if (sign > static_cast<unsigned>(Sign::floor)) return std::nullopt;
  head.sign = static_cast<Sign>(sign);
  if (head.prediction == Prediction::base && head.sign != Sign::none) return std::nullopt;
  head.code = {(*form & kPackedExponential) != 0, *parameters & unsigned{kParameterMask},
               (*form & kPackedRuns) != 0, unsigned{*parameters} >> kRunParameterShift};
  bool whole = true;
  const auto next = [&] {
    const auto number = in.varint();
    whole = whole && number.has_value();
    return number.value_or(0);
  };
  if ((*form & kPackedUnit) != 0) head.unit = next();
  if (head.prediction == Prediction::reference) {
    const std::uint64_t reference = next();
    head.behind = reference >> 1;
    head.falls = (reference & 1) != 0;
  }
  if (head.sign == Sign::floor) head.floor = static_cast<std::uint64_t>(unzigzag(next()));
  head.base = static_cast<std::uint64_t>(unzigzag(next()));
  if (!whole) return std::nullopt;
  return head;
}

bool read_steps(const Packed& head, ByteReader& in, std::size_t rows, Steps& out) {
  const auto bytes = *in.take(in.size());
  out.start = head.base;
  out.unit = head.unit;
  const std::span<std::uint64_t> all = std::span(out.step).first(rows);
  if (head.prediction == Prediction::base) {
    if (!read_residuals(bytes, head.code, all)) return false;
    out.start += head.unit * all[0];
    for (std::size_t i = rows; i-- > 1;) all[i] -= all[i - 1];
    return true;
  }
  const auto residuals = all.subspan(1);
  if (!read_residuals(bytes, head.code, residuals)) return false;
  undo_sign(head, residuals);
  if (head.prediction == Prediction::slope) {
    std::uint64_t step = 0;
    for (std::uint64_t& residual : residuals) residual = step += residual;
  }
  return true;
}

bool put_values(const Steps& steps, double scale, std::span<double> values) {
  constexpr auto kMost = static_cast<std::uint64_t>(kMaxScaled);
  std::uint64_t value = steps.start;
  bool beyond = value + kMost > 2 * kMost;
  values[0] = static_cast<double>(static_cast<std::int64_t>(value));
  for (std::size_t i = 1; i < values.size(); ++i) {
    value += steps.unit * steps.step[i];
    beyond |= value + kMost > 2 * kMost;
    values[i] = static_cast<double>(static_cast<std::int64_t>(value));
  }
  if (scale != 1) {
    for (double& number : values) number /= scale;
  }
  return !beyond;
}

bool read_times(ByteReader in, std::span<std::int64_t> times) {
  const auto head = read_packed_head(in);
  if (!head || head->prediction != Prediction::slope || head->sign != Sign::zigzag ||
      head->unit != 1) {
    return false;
  }
  Steps steps;
  if (!read_steps(*head, in, times.size(), steps)) return false;
  std::uint64_t time = steps.start;
  times[0] = static_cast<std::int64_t>(time);
  for (std::size_t row = 1; row < times.size(); ++row) {
    time += steps.step[row];
    times[row] = static_cast<std::int64_t>(time);
  }
  return true;
}

}  // namespace bw::wire
