#include "file.h"
#include "functions.h"

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmnet/scu.h>

namespace cdicom {

namespace {

void require_peer(const OFCondition &condition, const char *what) {
  if (condition.bad()) throw Failure(CDICOM_PEER, "%s: %s", what, condition.text());
}

}  // namespace

}  // namespace cdicom

using namespace cdicom;

int cdicom::send(const cdicom_peer *peer, const uint8_t *bytes, size_t count, cdicom_failure *failure) {
  return guarded(failure, [&] {
    prepare_dcmtk();
    DcmInputBufferStream stream;
    stream.setBuffer(bytes, offile_off_t(count));
    stream.setEos();
    DcmFileFormat file;
    file.transferInit();
    const OFCondition read = file.read(stream, EXS_Unknown, EGL_noChange);
    file.transferEnd();
    if (read.bad()) throw Failure(CDICOM_CORRUPT, "DCMTK refuses it: %s", read.text());
    DcmDataset *data_set = file.getDataset();
    OFString sop_class;
    if (data_set->findAndGetOFString(DCM_SOPClassUID, sop_class).bad())
      throw Failure(CDICOM_CORRUPT, "it names no SOP class");
    const DcmXfer syntax(data_set->getOriginalXfer());

    DcmSCU user;
    user.setPeerHostName(peer->host);
    user.setPeerPort(peer->port);
    user.setPeerAETitle(peer->called_title);
    user.setAETitle(peer->calling_title);
    user.setConnectionTimeout(Sint32(peer->seconds));
    user.setACSETimeout(peer->seconds);
    user.setDIMSETimeout(peer->seconds);
    user.setDIMSEBlockingMode(DIMSE_NONBLOCKING);
    OFList<OFString> syntaxes;
    syntaxes.push_back(syntax.getXferID());
    require_peer(user.addPresentationContext(sop_class, syntaxes), "no context");
    require_peer(user.initNetwork(), "no network");
    require_peer(user.negotiateAssociation(), "no association");
    Uint16 status = 0;
    const OFCondition sent = user.sendSTORERequest(0, OFFilename(), data_set, status);
    if (sent.good())
      user.releaseAssociation();
    else
      user.abortAssociation();
    require_peer(sent, "not stored");
    // 0000 is success; B... are warnings, with which it is stored as well (PS3.4, B.2.3).
    if (status != 0 && (status & 0xF000) != 0xB000)
      throw Failure(CDICOM_PEER, "not stored: the archive answers with status %04X", unsigned(status));
  });
}
