#pragma once
// How a Winograd convolution lays out its scratch memory; shared by packing and running.
#include "ckernels.h"

typedef struct {
  int in_channels, out_channels;       // rounded up to 16 and 32
  int side, filter_side;               // of a transformed tile, and of its filters
  int out_side;                        // of a tile's outputs
  int positions, tiles_y, tiles_x, padded_height, padded_width;
  int in_step;                         // between tiles
  int band;                            // rows of tiles at a time
  size_t input_stride, product_stride; // floats from one tile position to the next
  size_t in_slots, out_slots, in_order, bias, padded, input, product, result, pooled, ties, tie_map, signatures,
      roots;
  size_t count;                        // these and it in floats
} winograd_layout;

static inline winograd_layout winograd_plan(const ck_winograd *w) {
  winograd_layout l;
  l.in_channels = (w->in_channels + 15) / 16 * 16;
  l.out_channels = (w->out_channels + 31) / 32 * 32;
  const int halves = w->stride == 2 && !w->adjoint, doubles = w->stride == 2 && w->adjoint;
  l.side = w->stride == 2 ? 9 : w->kernel + 3;
  l.filter_side = w->kernel + 3;
  const int in_side = doubles ? 5 : l.side;  // of a tile
  l.in_step = halves ? 8 : 4;
  l.out_side = doubles ? 8 : 4;
  l.positions = l.side * l.side;
  l.tiles_y = (w->out_height + l.out_side - 1) / l.out_side;
  l.tiles_x = (w->out_width + l.out_side - 1) / l.out_side;
  l.padded_height = (l.tiles_y - 1) * l.in_step + in_side;
  l.padded_width = (l.tiles_x - 1) * l.in_step + in_side;
  // Ties reach across an image, and maxima are taken where there may be ties.
  const int rows = CK_WINOGRAD_TILES / l.tiles_x > 1 ? CK_WINOGRAD_TILES / l.tiles_x : 1;
  l.band = w->ties || w->group > 1 || rows > l.tiles_y ? l.tiles_y : rows;
  const size_t tiles = (size_t)l.band * l.tiles_x * w->group;
  // One cache line more than needed: a power of two would map all positions to the same sets.
  l.input_stride = tiles * l.in_channels + 16;
  l.product_stride = tiles * 32 + 16;  // of 32 filters at a time
  size_t offset = 0;
#define PLACE(field, floats) l.field = offset, offset += ((size_t)(floats) + 15) / 16 * 16
  PLACE(in_slots, (size_t)w->in_height * w->in_width);
  PLACE(out_slots, (size_t)w->out_height * w->out_width);
  const size_t in_windows = (size_t)(w->in_height / 2) * (w->in_width / 2);
  const size_t out_windows = (size_t)(w->out_height / 2) * (w->out_width / 2);
  PLACE(in_order, w->adjoint ? in_windows : out_windows);
  PLACE(bias, l.out_channels);
  PLACE(padded, ((size_t)l.padded_height * l.padded_width + 1) * l.in_channels);
  PLACE(input, l.positions * l.input_stride);
  PLACE(product, l.positions * l.product_stride);
  PLACE(result, (size_t)l.band * l.tiles_x * l.out_side * l.out_side * 32);
  PLACE(pooled, w->adjoint ? in_windows * l.in_channels : out_windows * 32);
  // Signatures of the padded image's pixels and a map of bytes, both with room at the ends.
  const size_t padded_pixels = (size_t)l.padded_height * l.padded_width;
  PLACE(ties, w->ties ? padded_pixels + 2 * l.padded_width + 48 : 0);
  PLACE(tie_map, w->ties ? (padded_pixels + w->kernel * l.padded_width) / 4 + 16 : 0);
  PLACE(signatures, w->ties ? (size_t)w->in_height * w->in_width + 16 : 0);
  // For each image of a group: whether it has ties, then the root of each output.
  PLACE(roots, w->ties ? (size_t)w->group * (1 + (size_t)w->out_height * w->out_width) : 0);
#undef PLACE
  l.count = offset;
  return l;
}

// The same for the gradient of the weights.
typedef struct {
  int in_channels, out_channels;       // rounded up to 16
  int positions, tiles_y, tiles_x, padded_height, padded_width;
  int group;                           // images transformed together
  size_t panel;                        // floats from 32 channels to the next 32
  size_t input_stride, gradient_stride, product_stride;
  size_t in_slots, out_slots, order, padded, padded_gradient, pooled, input, gradient, product;
  size_t count;
} weights_layout;

static inline weights_layout weights_plan(const ck_winograd *w, size_t images) {
  weights_layout l;
  l.in_channels = (w->in_channels + 15) / 16 * 16;
  l.out_channels = (w->out_channels + 15) / 16 * 16;
  l.positions = (w->kernel + 3) * (w->kernel + 3);
  l.tiles_y = (w->out_height + 3) / 4;
  l.tiles_x = (w->out_width + 3) / 4;
  l.padded_height = l.tiles_y * 4 + w->kernel - 1;
  l.padded_width = l.tiles_x * 4 + w->kernel - 1;
  // Enough tiles for the way back from the sums to be a small part of the work.
  const int tiles = l.tiles_y * l.tiles_x;
  l.group = tiles >= 64 ? 1 : 64 / tiles;
  if ((size_t)l.group > images) l.group = (int)images;
  l.panel = (size_t)tiles * l.group * 32;
  l.input_stride = l.panel * ((l.in_channels + 31) / 32) + 16;
  l.gradient_stride = l.panel * ((l.out_channels + 31) / 32) + 16;
  l.product_stride = 32 * 32 + 16;
  size_t offset = 0;
#define PLACE(field, floats) l.field = offset, offset += ((size_t)(floats) + 15) / 16 * 16
  PLACE(in_slots, (size_t)w->in_height * w->in_width);
  PLACE(out_slots, (size_t)w->out_height * w->out_width);
  const size_t windows = (size_t)(w->out_height / 2) * (w->out_width / 2);
  PLACE(order, windows);
  PLACE(padded, ((size_t)l.padded_height * l.padded_width + 1) * l.in_channels);
  PLACE(padded_gradient, (size_t)tiles * 16 * l.out_channels);
  PLACE(pooled, windows * l.out_channels);
  PLACE(input, l.positions * l.input_stride);
  PLACE(gradient, l.positions * l.gradient_stride);
  PLACE(product, l.positions * l.product_stride);
#undef PLACE
  l.count = offset;
  return l;
}
