/** How many administrators a change may need, where a genesis was laid: with one, anybody could change anything. */
export const MIN_QUORUM = 2;
export const MAX_QUORUM = 20;
