//! The way back to Xero: what several kinds of record share. The declarations stand in the flows' own files.
