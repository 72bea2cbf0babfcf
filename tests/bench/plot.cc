// Throughput over size as an SVG picture with logarithmic axes.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/result.h"

namespace virtcrypt::bench {
namespace {

constexpr double kWidth = 900, kHeight = 540;
constexpr double kLeft = 80, kRight = 260, kTop = 30, kBottom = 60;
constexpr std::array kColours{"#1b6ca8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#17202a"};

struct Range {
  double low;
  double high;
  // 0 to 1 along a logarithmic axis.
  [[nodiscard]] double at(double value) const {
    return high <= low ? 0.5 : std::log(value / low) / std::log(high / low);
  }
};

struct Axes {
  Range bytes;
  Range megabytes;
  [[nodiscard]] double x(double value) const { return kLeft + bytes.at(value) * (kWidth - kLeft - kRight); }
  [[nodiscard]] double y(double value) const {
    return kHeight - kBottom - megabytes.at(value) * (kHeight - kTop - kBottom);
  }
};

struct Point {
  double bytes;
  double device;
  double raw;
};
using Lines = std::map<std::string, std::vector<Point>>;

Lines lines_of(const std::vector<Result>& results) {
  Lines lines;
  for (const Result& each : results) {
    const double megabytes = static_cast<double>(each.options.bytes) / 1e6;
    lines[each.title + ", " + each.engine].push_back({static_cast<double>(each.options.bytes),
                                                      each.device_per_second * megabytes,
                                                      each.raw_per_second * megabytes});
  }
  return lines;
}

Axes axes_for(const Lines& lines) {
  Axes axes{{1e18, 0}, {1e18, 0}};
  for (const auto& [name, points] : lines) {
    for (const Point& point : points) {
      axes.bytes = {std::min(axes.bytes.low, point.bytes), std::max(axes.bytes.high, point.bytes)};
      axes.megabytes = {std::min(axes.megabytes.low, point.device),
                        std::max({axes.megabytes.high, point.device, point.raw})};
    }
  }
  // Whole decades upwards.
  axes.megabytes = {std::pow(10, std::floor(std::log10(std::max(axes.megabytes.low, 1e-3)))),
                    std::pow(10, std::ceil(std::log10(std::max(axes.megabytes.high, 1e-2))))};
  return axes;
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}'>{}</text>\n", x, y, anchor, text);
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (double bytes = axes.bytes.low; bytes <= axes.bytes.high * 1.01; bytes *= 4) {
    svg += fmt::format("<line x1='{0:.1f}' x2='{0:.1f}' y1='{1}' y2='{2}' stroke='#ddd'/>\n", axes.x(bytes),
                       kTop, kHeight - kBottom);
    svg += text_at(axes.x(bytes), kHeight - kBottom + 20, "middle", fmt::format("{:.0f}", bytes));
  }
  for (double rate = axes.megabytes.low; rate <= axes.megabytes.high * 1.01; rate *= 10) {
    svg += fmt::format("<line x1='{0}' x2='{1}' y1='{2:.1f}' y2='{2:.1f}' stroke='#ddd'/>\n", kLeft,
                       kWidth - kRight, axes.y(rate));
    svg += text_at(kLeft - 8, axes.y(rate) + 4, "end", fmt::format("{:g}", rate));
  }
  svg += text_at((kLeft + kWidth - kRight) / 2, kHeight - 15, "middle", "bytes of a request");
  return svg +
         fmt::format("<text transform='translate(20 {}) rotate(-90)' text-anchor='middle'>MB/s</text>\n",
                     kHeight / 2);
}

template <typename Value>
std::string polyline(const Axes& axes, const std::vector<Point>& points, std::string_view colour,
                     std::string_view dashes, const Value& value) {
  std::string coordinates;
  for (const Point& point : points) {
    if (value(point) > 0)
      coordinates += fmt::format("{:.1f},{:.1f} ", axes.x(point.bytes), axes.y(value(point)));
  }
  return fmt::format("<polyline points='{}' fill='none' stroke='{}' stroke-width='2'{}/>\n", coordinates,
                     colour, dashes);
}

}  // namespace

std::string as_svg(const std::vector<Result>& results) {
  const Lines lines = lines_of(results);
  const Axes axes = axes_for(lines);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' "
      "font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n",
      kWidth, kHeight);
  svg += grid(axes);
  std::size_t number = 0;
  for (const auto& [name, points] : lines) {
    const char* const colour = kColours[number % kColours.size()];
    svg += polyline(axes, points, colour, "", [](const Point& point) { return point.device; });
    svg += polyline(axes, points, colour, " stroke-dasharray='3 4'",
                    [](const Point& point) { return point.raw; });
    const double y = kTop + 18 * static_cast<double>(number);
    svg += fmt::format("<line x1='{0}' x2='{1}' y1='{2}' y2='{2}' stroke='{3}' stroke-width='2'/>\n",
                       kWidth - kRight + 15, kWidth - kRight + 40, y, colour);
    svg += text_at(kWidth - kRight + 46, y + 4, "start", name);
    ++number;
  }
  svg += text_at(kWidth - kRight + 15, kTop + 18 * static_cast<double>(number) + 8, "start",
                 "dashed: the engine by itself");
  return svg + "</svg>\n";
}

}  // namespace virtcrypt::bench
