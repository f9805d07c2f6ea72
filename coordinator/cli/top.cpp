#include "coordinator/cli/top.h"

#include <charconv>
#include <csignal>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "coordinator/cli/environment.h"
#include "coordinator/cli/run.h"
#include "coordinator/cli/screen_painter.h"
#include "coordinator/cli/terminal.h"
#include "coordinator/cli/top_fetcher.h"
#include "coordinator/cli/top_frame.h"

namespace bw::cli {

namespace {

constexpr std::size_t kOnceColumns = 120;  // where nothing says how wide it may be
constexpr int kEscapeWaitMs = 50;          // the rest of a key's sequence comes within

std::size_t once_columns() {
  winsize found{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_col > 0) return found.ws_col;
  const std::string named = environment("COLUMNS");
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(named.data(), named.data() + named.size(), columns);
  const bool is_number = error == std::errc{} && end == named.data() + named.size();
  return is_number && columns > 0 && columns <= 1000 ? columns : kOnceColumns;
}

int fail(const std::string& reason) {
  std::fputs(("bellwether: " + reason + "\n").c_str(), stderr);
  return kFailed;
}

int run_once(const std::string& url, SortKey sort, const View& view) {
  HttpClient http;
  ApiClient api(url, http);
  TopNews news = TopFetcher::fetch(api, "");
  if (!news.trouble.empty()) return fail(news.trouble);
  TopModel model;
  model.url = url;
  model.nodes = std::move(news.nodes);
  model.has_nodes = true;
  model.now_ms = news.when_ms;
  const std::string text = top_once(model, sort, once_columns(), view.style.unicode);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? kDone : kFailed;
}

class LiveView {
 public:
  LiveView(Terminal& terminal, const std::string& url, SortKey sort, const Style& style)
      : terminal_(terminal), style_(style), fetcher_(url) {
    model_.url = url;
    state_.sort = sort;
  }

  // The signal to end by; 0: it was left by hand.
  int run() {
    while (!state_.quit && ending_ == 0) {
      size_ = terminal_.size();
      model_.now_ms = wall_clock_ms();
      settle(state_, model_, size_);
      fetcher_.want_series(state_.detail ? state_.selected : "");
      const auto frame = top_frame(model_, state_, size_, style_);
      if (!terminal_.write(painter_.update(frame, size_))) return SIGHUP;
      // Awake with each second of the clock shown.
      const auto rest = static_cast<int>(1000 - model_.now_ms % 1000);
      terminal_.wait(fetcher_.fd(), decoder_.is_waiting() ? kEscapeWaitMs : rest);
      take_signals();
      take_keys();
      take_news();
    }
    return ending_;
  }

 private:
  void take_signals() {
    for (int signal = terminal_.next_signal(); signal != 0; signal = terminal_.next_signal()) {
      if (signal == SIGINT) {
        state_.quit = true;
      } else if (signal == SIGTSTP) {
        terminal_.stop_here();
        painter_.forget();
      } else if (signal == SIGCONT) {
        terminal_.take_again();
        painter_.forget();
      } else if (signal == SIGWINCH) {
        painter_.forget();
      } else {
        ending_ = signal;
      }
    }
  }

  void take_keys() {
    std::string bytes;
    if (!terminal_.read(bytes)) ending_ = ending_ == 0 ? SIGHUP : ending_;
    for (const Key& key : bytes.empty() ? decoder_.flush() : decoder_.feed(bytes)) {
      if (key.kind == Key::Kind::redraw) painter_.forget();
      press(state_, key, model_, size_);
    }
  }

  void take_news() {
    auto news = fetcher_.take();
    if (!news) return;
    model_.trouble = news->trouble;
    if (!news->trouble.empty()) return;
    model_.nodes = std::move(news->nodes);
    model_.has_nodes = true;
    model_.fetched_ms = news->when_ms;
    model_.series_trouble = news->series_trouble;
    if (news->series_trouble.empty()) model_.series = std::move(news->series);
  }

  Terminal& terminal_;
  Style style_;
  TopFetcher fetcher_;
  TopModel model_;
  TopState state_;
  TopSize size_;
  KeyDecoder decoder_;
  ScreenPainter painter_;
  int ending_ = 0;
};

}  // namespace

int run_top(const std::string& url, const Invocation& invocation, const View& view) {
  const SortKey sort = sort_key_of(invocation.value("--sort")).value_or(SortKey::cpu);
  const bool live = isatty(STDIN_FILENO) == 1 && stdout_is_terminal();
  if (!live || invocation.has("--once")) return run_once(url, sort, view);
  int ending = 0;
  {
    auto terminal = Terminal::take();
    if (!terminal) return fail(terminal.error().message);
    LiveView live_view(*terminal.value(), url, sort, view.style);
    ending = live_view.run();
    // Before an answer that is still under way is waited for.
    terminal.value()->give_back();
  }
  if (ending != 0) die_of(ending);
  return kDone;
}

}  // namespace bw::cli
