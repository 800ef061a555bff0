#pragma once

#include "tune/searcher/unit_axis.hpp"

namespace tune {

/// One coordinate of a normal distribution that stands for cells (Hamano et al. 2022, arXiv:2205.13482): what is drawn
/// is told apart by cells after its distance from the mean was multiplied by `scale`.
struct cell_coordinate {
  double mean;
  double scale = 1;
};

/// The coordinate such that other cells than the mean's go on to be drawn: each side of it with at least about half of
/// `margin`, and the only neighbour of an outermost cell with all of it. Without that, integers stall where the
/// distribution has become narrower than a cell. An axis of two cells or more; `deviation` is that of the coordinate
/// without the scale, above 0.
cell_coordinate with_margin(const unit_axis& axis, cell_coordinate x, double deviation, double margin);

} // namespace tune
